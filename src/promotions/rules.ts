import semver from "semver";
import { whyNotText } from "../deployments/rules.ts";
import type { Gate } from "../environments/queries.ts";
import type { Blocker } from "../errors.ts";
import type { By } from "../people/by.ts";

export type PromotionState = "waiting" | "approved" | "completed" | "rejected" | "cancelled" | "superseded" | "expired";
export type Decision = "approve" | "reject";

export interface Requirement {
  role: string;
  /** The role as people read it. */
  name: string;
  needed: number;
  given: number;
}

interface Rows {
  digest: string;
  gate: Gate | null;
  approvals: { person_id: string; role: string; decision: Decision; digest: string }[];
  completion: object | null;
  cancellation: { superseded_by: number | null } | null;
}

/** Read off the rows that are there, so that it cannot disagree with them. */
export function stateOf(promotion: Rows): PromotionState {
  if (promotion.completion) return "completed";
  if (promotion.approvals.some((one) => one.decision === "reject")) return "rejected";
  if (promotion.cancellation) return promotion.cancellation.superseded_by === null ? "cancelled" : "superseded";
  return requirementsOf(promotion, {}).every((one) => one.given >= one.needed) ? "approved" : "waiting";
}

/** What the gate asks, and how much of it approvals of exactly this digest have given. One person counts once, in one role. */
export function requirementsOf({ gate, approvals, digest }: Rows, roleNames: Record<string, string>): Requirement[] {
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

interface Asked {
  number: number;
  state: PromotionState;
  asker_id: string;
  gate: Gate | null;
  requirements: Requirement[];
  environment: { name: string };
}

/** Why this person may not decide on it; the same for yes and no. */
export function whyNotDecide(promotion: Asked, by: Pick<By, "person" | "roles">): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  if (!promotion.requirements.length)
    return `The way to ${promotion.environment.name} has no gate: nobody needs to approve.`;
  if (promotion.asker_id === by.person.id && !promotion.gate?.asker_may_approve)
    return "You asked for this promotion, so somebody else has to decide.";
  if (!rolesToDecide(promotion, by).length)
    return `${promotion.environment.name} asks for the approval of ${listed(promotion.requirements.map((one) => one.name))}, and that is not your role here.`;
}

/** The roles of this person that the gate asks for, those still wanted first. */
export function rolesToDecide(promotion: Pick<Asked, "requirements">, by: Pick<By, "roles">): string[] {
  const asked = promotion.requirements.filter((one) => by.roles.includes(one.role));
  return asked.sort((a, b) => Number(a.given >= a.needed) - Number(b.given >= b.needed)).map((one) => one.role);
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

export function whyClosed({ number, state }: Pick<Asked, "number" | "state">): string | undefined {
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

export interface Weighed {
  key: string;
  version_id: string | null;
  version: string | null;
  /** What the environment before holds now; undefined where it never had it. */
  before?: { version_id: string | null; version: string | null } | undefined;
}

/** One version's need for software, and what the target would have after completion. */
export interface Need {
  key: string;
  version: string;
  software: string;
  range: string;
  /** Nothing: removed or never there. */
  present: string | null;
}

/** Everything that still stands in the way, at once, each as a sentence. Empty: it may be completed. */
export function blockersOf(promotion: Asked, from: { name: string }, contents: Weighed[], needs: Need[]): Blocker[] {
  const closed = whyClosed(promotion);
  if (closed) return [{ code: promotion.state, message: closed }];
  return [
    ...promotion.requirements.flatMap(whyNotApproved),
    ...whyMovedOn(from, contents),
    ...needs.filter((need) => !isMet(need)).map((need) => whyUnmet(need, promotion.environment)),
  ];
}

function whyNotApproved({ name, needed, given }: Requirement): Blocker[] {
  if (given >= needed) return [];
  const message =
    needed === 1 ? `${name} has not approved it yet.` : `${name} has given ${given} of ${needed} approvals.`;
  return [{ code: "approvals_missing", message }];
}

function whyMovedOn(from: { name: string }, contents: Weighed[]): Blocker[] {
  const moved = contents.filter((one) => (one.before?.version_id ?? null) !== one.version_id || !one.before);
  const [first, ...rest] = moved;
  if (!first) return [];
  const holds = !first.before
    ? "has never had it"
    : first.before.version === null
      ? "has removed it"
      : `now holds ${first.before.version}`;
  const wanted = first.version ?? "its removal";
  const more = rest.length ? ` The same goes for ${rest.length} more.` : "";
  return [
    { code: "content_moved_on", message: `It holds ${wanted} of ${first.key}, but ${from.name} ${holds}.${more}` },
  ];
}

export function isMet({ range, present }: Pick<Need, "range" | "present">): boolean {
  if (present === null) return false;
  if (present === range) return true;
  const version = semver.parse(present, { loose: true });
  return version !== null && semver.satisfies(version, range, { loose: true, includePrerelease: true });
}

function whyUnmet({ key, version, software, range, present }: Need, environment: { name: string }): Blocker {
  const there = present === null ? `would have no ${software}` : `would have ${present}`;
  return {
    code: "requirement_unmet",
    message: `${key} ${version} needs ${software} ${range}, but ${environment.name} ${there}.`,
  };
}

/** "Tester", "Tester and Marketing", "Tester, Legal and Marketing". */
export function listed(names: string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
