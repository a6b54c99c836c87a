import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/environments.ts";
import type { Blocker } from "../errors.ts";
import type { Flag } from "../schema.ts";
import { joinWithAnd, whyNotText } from "../text.ts";

export type PromotionState = "waiting" | "approved" | "completed" | "rejected" | "cancelled" | "superseded" | "expired";

export type Decision = "approve" | "reject";

export interface Requirement {
  role: string;
  /** The role as people read it. */
  name: string;
  needed: number;
  given: number;
}

interface PromotionFacts {
  digest: string;
  gate: Gate | null;
  approvals: { person_id: string; role: string; decision: Decision; digest: string; decided_at: string }[];
  completion: { completed_at: string; effective_at: string } | null;
  cancellation: { superseded_by: number | null; cancelled_at: string } | null;
}

/** Read off the rows that are there, so that it cannot disagree with them. */
export function stateOf(promotion: PromotionFacts): PromotionState {
  if (promotion.completion) return "completed";
  if (promotion.approvals.some((one) => one.decision === "reject")) return "rejected";
  if (promotion.cancellation) return promotion.cancellation.superseded_by === null ? "cancelled" : "superseded";
  return requirementsOf(promotion, {}).every((one) => one.given >= one.needed) ? "approved" : "waiting";
}

/** What the gate asks, and how much of it approvals of exactly this digest have given. One person counts once, in one role. */
export function requirementsOf(
  { gate, approvals, digest }: PromotionFacts,
  roleNames: Record<string, string>,
): Requirement[] {
  return (gate?.requirements ?? []).map(({ role, count }) => {
    const given = approvals.filter((one) => one.decision === "approve" && one.role === role && one.digest === digest);
    return {
      role,
      name: roleNames[role] ?? role,
      needed: count,
      given: new Set(given.map((one) => one.person_id)).size,
    };
  });
}

export function isOpen(state: PromotionState): boolean {
  return state === "waiting" || state === "approved";
}

/** When it was completed, rejected, cancelled or superseded; nothing while it is open. */
export function endedAt({ approvals, completion, cancellation }: PromotionFacts): string | undefined {
  const rejection = approvals.find((one) => one.decision === "reject");
  return completion?.completed_at ?? rejection?.decided_at ?? cancellation?.cancelled_at;
}

/** Completed as of a moment before somebody's approval: when the last of these came. Recorded all the same, and flagged. */
export function approvedAfterwards({ approvals, completion }: PromotionFacts): string | undefined {
  if (!completion) return;
  const given = approvals.filter((one) => one.decision === "approve").map((one) => one.decided_at);
  return given
    .filter((decided_at) => decided_at > completion.effective_at)
    .sort()
    .at(-1);
}

/** Why there is nothing to ask for: it is asked for already, or would change nothing. */
export function whyNotRequest(
  release: { number: number },
  environment: { name: string },
  same: { number: number } | undefined,
  contents: { change: PromotionChange }[],
): Blocker | undefined {
  if (same) return { code: "already_asked", message: `Promotion ${same.number} already asks for this.` };
  if (contents.every((one) => one.change === "same"))
    return {
      code: "nothing_to_change",
      message: `${environment.name} already holds all of release ${release.number}.`,
    };
}

/** `unapproved`: the target holds it already, out of band; completion would make it the promotion's. */
export type PromotionChange = "new" | "changed" | "removed" | "unapproved" | "same";

interface TargetState {
  version_id: string | null;
  out_of_band: Flag;
}

export function changeOf(content: { version_id: string | null }, there: TargetState | undefined): PromotionChange {
  if ((there?.version_id ?? null) === content.version_id) return there?.out_of_band ? "unapproved" : "same";
  if (content.version_id === null) return "removed";
  return there?.version_id ? "changed" : "new";
}

export interface OpenPromotion {
  number: number;
  state: PromotionState;
  asker_id: string;
  gate: Gate | null;
  requirements: Requirement[];
  environment: { name: string };
}

/** Why this person may not decide on it; the same for yes and no. */
export function whyNotDecide(promotion: OpenPromotion, by: Pick<Actor, "person" | "roles">): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  if (!promotion.requirements.length)
    return `The way to ${promotion.environment.name} has no gate: nobody needs to approve.`;
  if (promotion.asker_id === by.person.id && !promotion.gate?.asker_may_approve)
    return "You asked for this promotion, so somebody else has to decide.";
  if (!rolesToDecide(promotion, by).length)
    return `${promotion.environment.name} asks for the approval of ${joinWithAnd(promotion.requirements.map((one) => one.name))}, and that is not your role here.`;
}

/** The roles of this person that the gate asks for, those still wanted first. */
export function rolesToDecide(promotion: Pick<OpenPromotion, "requirements">, by: Pick<Actor, "roles">): string[] {
  const asked = promotion.requirements.filter((one) => by.roles.includes(one.role));
  return asked.sort((a, b) => Number(a.given >= a.needed) - Number(b.given >= b.needed)).map((one) => one.role);
}

/** What this very person has to do about it now, if anything. */
export function needOf(
  promotion: OpenPromotion & Pick<PromotionFacts, "approvals">,
  by: Pick<Actor, "person" | "roles" | "permissions">,
): "decision" | "completion" | undefined {
  if (promotion.state === "approved") return by.permissions.has("promote") ? "completion" : undefined;
  if (whyNotDecide(promotion, by) || promotion.approvals.some((one) => one.person_id === by.person.id)) return;
  const wanted = promotion.requirements.some((one) => by.roles.includes(one.role) && one.given < one.needed);
  return wanted ? "decision" : undefined;
}

export function whyNotComment(decision: Decision, comment: string | undefined): string | undefined {
  if (decision === "reject" && !comment?.trim())
    return "Say what is wrong, so that it can be put right: a rejection needs a comment.";
  return whyNotText("A comment", comment, 10_000);
}

export function whyNotDigest(promotion: { number: number; digest: string }, digest: string): string | undefined {
  if (digest === promotion.digest) return;
  return `That is not what promotion ${promotion.number} holds. Open it again and look at what it would change before you decide.`;
}

export function whyClosed({ number, state }: Pick<OpenPromotion, "number" | "state">): string | undefined {
  const ends: Partial<Record<PromotionState, string>> = {
    completed: "has been completed",
    rejected: "was rejected; a rejection ends it, and trying again is a new promotion",
    cancelled: "was cancelled",
    superseded: "was replaced by a newer one",
    expired: "has expired",
  };
  const end = ends[state];
  return end && `Promotion ${number} ${end}.`;
}

export function whyNotReason(reason: string | undefined): string | undefined {
  if (!reason?.trim()) return "Say why: a cancellation needs a reason.";
  return whyNotText("A reason", reason, 10_000);
}
