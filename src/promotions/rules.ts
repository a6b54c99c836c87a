import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import type { Holder } from "../access/holders.ts";
import type { Blocker } from "../errors.ts";
import { neededApprovals } from "../record/approvers.ts";
import { type BadMark, badInWords, badReleaseCode } from "../record/release-marks.ts";
import type { Flag } from "../schema.ts";
import { countOf, formatCount, joinWithAnd, nameWithKind, whyNotText } from "../text.ts";

export type PromotionState = "waiting" | "approved" | "completed" | "rejected" | "cancelled" | "superseded" | "expired";

export type Decision = "approve" | "reject";

export interface Requirement {
  role: string;
  /** The role's name as people read it. */
  name: string;
  needed: number;
  given: number;
  /** Who can give the approvals that are missing; undefined if that was not looked up. */
  people?: Holder[];
  /** Who could, once they have accepted their invitation. */
  invited?: Holder[];
  /** Whether the requester has the role, too, but may not approve. */
  requesterHasRole?: boolean;
}

interface PromotionFacts {
  digest: string;
  gate: Gate | null;
  /** The promotion that it rolls back; null or undefined if it is no rollback. */
  rollback_of_id?: string | null | undefined;
  approvals: { person_id: string; role: string; decision: Decision; digest: string; decided_at: string }[];
  completion: { completed_at: string; effective_at: string } | null;
  cancellation: { superseded_by: number | null; cancelled_at: string } | null;
}

/** Derived from the recorded rows and stored nowhere, so it cannot disagree with them. */
export function stateOf(promotion: PromotionFacts): PromotionState {
  if (promotion.completion) return "completed";
  if (promotion.approvals.some((approval) => approval.decision === "reject")) return "rejected";
  if (promotion.cancellation) return promotion.cancellation.superseded_by === null ? "cancelled" : "superseded";
  return requirementsOf(promotion, {}).every(({ needed, given }) => given >= needed) ? "approved" : "waiting";
}

/** The approvals that the gate needs, and how many were given for exactly this digest. A person counts once in each role. */
export function requirementsOf(
  { gate, approvals, digest, rollback_of_id }: PromotionFacts,
  roleNames: Record<string, string>,
): Requirement[] {
  if (rollback_of_id && !gate?.rollback_needs_approval) return [];
  return (gate?.requirements ?? []).map(({ role, count }) => {
    const given = approvals.filter((one) => one.decision === "approve" && one.role === role && one.digest === digest);
    return {
      role,
      name: roleNames[role] ?? role,
      needed: count,
      given: new Set(given.map((approval) => approval.person_id)).size,
    };
  });
}

/**
 * The same with those who can still approve: who has the role now, without those who have approved in any role, and
 * without the requester unless the gate allows that.
 */
export function withApprovers(
  {
    requirements,
    requester_id,
    gate,
    approvals,
  }: Pick<OpenPromotion, "requirements" | "requester_id" | "gate"> & {
    approvals: { person_id: string; decision: Decision }[];
  },
  holders: Map<string, Holder[]>,
): Requirement[] {
  const done = new Set(approvals.filter(({ decision }) => decision === "approve").map(({ person_id }) => person_id));
  const isRequester = ({ id }: Holder) => id === requester_id && !gate?.asker_may_approve;
  return requirements.map((requirement) => {
    const own = holders.get(requirement.role) ?? [];
    const others = own.filter((holder) => !done.has(holder.id) && !isRequester(holder));
    const [people, invited] = [others.filter((holder) => !holder.invited), others.filter((holder) => holder.invited)];
    return { ...requirement, people, invited, requesterHasRole: own.some(isRequester) };
  });
}

/** Why the approvals that a role still has to give cannot be given by anyone now; undefined if they can. */
export function whyNobodyCan({
  name,
  needed,
  given,
  people,
  invited = [],
  requesterHasRole,
}: Requirement): string | undefined {
  if (!people || people.length >= needed - given) return;
  const missing = countOf(needed - given, given ? "more approval" : "approval");
  if (invited.length) return `${missing} from ${name} cannot be given yet: ${notAccepted(invited)}.`;
  const who = people.length
    ? `only ${joinWithAnd(people.map(nameWithKind))} can give one`
    : `nobody ${requesterHasRole ? "else " : ""}has that role`;
  return `${missing} from ${name} cannot be given: ${who}. Ask an administrator to give somebody the role.`;
}

/** "Mara has not accepted the invitation" */
const notAccepted = (invited: Holder[]): string =>
  `${joinWithAnd(invited.map((holder) => holder.name))} ${invited.length === 1 ? "has" : "have"} not accepted the invitation`;

/**
 * Which gates nobody could satisfy, each as a sentence: since too few have a role that it needs, or since that is so
 * for what one of the `requesters` requests, who then may not approve.
 */
export function missingApprovers(
  environments: { name: string; gate: Gate | null }[],
  roleNames: Record<string, string>,
  { holders, requesters }: { holders: Map<string, Holder[]>; requesters: Holder[] },
): string[] {
  const gates = environments.flatMap(({ name, gate }) => (gate ? [{ name, ...gate }] : []));
  return gates.flatMap(({ name, requirements, asker_may_approve }) =>
    requirements.flatMap(({ role, count }) => {
      const all = holders.get(role) ?? [];
      const own = all.filter((holder) => !holder.invited);
      const invited = all.filter((holder) => holder.invited);
      const roleName = roleNames[role] ?? role;
      if (own.length < count && invited.length)
        return `Nobody can approve for ${name} yet: it needs ${countOf(count, "approval")} from ${roleName}, and ${notAccepted(invited)}.`;
      if (own.length < count)
        return `Nobody can approve for ${name}: it needs ${countOf(count, "approval")} from ${roleName}, and ${own.length ? `only ${joinWithAnd(own.map(nameWithKind))} has` : "nobody has"} that role.`;
      const stuck = requesters.filter(({ id }) => own.filter((holder) => holder.id !== id).length < count);
      if (asker_may_approve || !stuck.length) return [];
      const names = joinWithAnd(stuck.map(nameWithKind));
      return `Nobody can approve for ${name} what ${names} requests: too few others have the role ${roleName}.`;
    }),
  );
}

export function isOpen(state: PromotionState): boolean {
  return state === "waiting" || state === "approved";
}

/** When it was completed, rejected, cancelled or superseded; undefined while it is open. */
export function endedAt({ approvals, completion, cancellation }: PromotionFacts): string | undefined {
  const rejection = approvals.find((approval) => approval.decision === "reject");
  return completion?.completed_at ?? rejection?.decided_at ?? cancellation?.cancelled_at;
}

/**
 * The latest needed approval that was given after the contents were in the target, as an ISO 8601 moment; undefined if there is
 * none. Such a completion is recorded nevertheless, and the page flags it.
 */
export function approvedAfterwards({ gate, approvals, completion }: PromotionFacts): string | undefined {
  if (!completion) return;
  const given = approvals.filter((approval) => approval.decision === "approve");
  return [...neededApprovals(gate?.requirements ?? [], given)]
    .map((approval) => approval.decided_at)
    .filter((decidedAt) => decidedAt > completion.effective_at)
    .sort()
    .at(-1);
}

/** Why a promotion cannot be requested: the same one is open already, or it would change nothing. */
export function whyNotRequest(
  release: { number: number; rollback_of: number | null; bad: BadMark | null },
  environment: { name: string },
  same: { number: number } | undefined,
  contents: { change: PromotionChange }[],
): Blocker | undefined {
  if (same) return { code: "already_asked", message: `Already requested: promotion ${same.number}.` };
  if (release.bad) return badRelease(release.number, release.bad);
  if (release.rollback_of)
    return {
      code: "rollback_release",
      message: `Release ${release.number} was created for a rollback of promotion ${release.rollback_of}. To roll back again, start from that promotion.`,
    };
  if (contents.every((content) => content.change === "same"))
    return {
      code: "nothing_to_change",
      message: `Release ${release.number} would not change anything on ${environment.name}.`,
    };
}

/** The blocker of everything that would promote a release that is marked as bad. */
export const badRelease = (release: number, bad: BadMark): Blocker => ({
  code: badReleaseCode,
  message: badInWords(release, bad),
});

/** `unapproved`: the target has it already, out of band; completing the promotion would approve it afterwards. */
export type PromotionChange = "new" | "changed" | "removed" | "unapproved" | "same";

/** What completing a promotion does to one artifact in its target; `inTarget` is undefined if it was never recorded there. */
export function changeOf(
  content: { version_id: string | null },
  inTarget: { version_id: string | null; out_of_band: Flag } | undefined,
): PromotionChange {
  if ((inTarget?.version_id ?? null) === content.version_id) return inTarget?.out_of_band ? "unapproved" : "same";
  if (content.version_id === null) return "removed";
  return inTarget?.version_id ? "changed" : "new";
}

export interface OpenPromotion {
  number: number;
  state: PromotionState;
  requester_id: string;
  gate: Gate | null;
  requirements: Requirement[];
  environment: { name: string };
  rollback_of_id?: string | null | undefined;
  /** The release's number, and its mark as bad if it has one that was not lifted. */
  release?: number;
  bad?: BadMark | null;
}

/** Why this person may neither approve nor reject it. */
export function whyNotDecide(promotion: OpenPromotion, actor: Pick<Actor, "person" | "roles">): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  const { environment, requirements } = promotion;
  if (!requirements.length && promotion.rollback_of_id) return `Rollbacks on ${environment.name} need no approval.`;
  if (!requirements.length) return `Promotions to ${environment.name} need no approval.`;
  if (promotion.requester_id === actor.person.id && !promotion.gate?.asker_may_approve)
    return "You requested this promotion, so someone else has to decide.";
  if (!rolesToDecide(promotion, actor).length)
    return `${environment.name} needs approval by ${joinWithAnd(requirements.map((role) => role.name))}. You have no such role on this site.`;
}

/** The roles in which this person can decide, those with approvals missing first. */
export function rolesToDecide(promotion: Pick<OpenPromotion, "requirements">, actor: Pick<Actor, "roles">): string[] {
  const own = promotion.requirements.filter(({ role }) => actor.roles.includes(role));
  return own.sort((a, b) => Number(a.given >= a.needed) - Number(b.given >= b.needed)).map(({ role }) => role);
}

/** Whether a person may roll back where this gate holds: its roles decide, or else the permission to promote. */
export function mayRollBack(
  gate: Pick<Gate, "rollback_roles"> | null,
  { roles, permissions }: Pick<Actor, "roles" | "permissions">,
): boolean {
  const allowed = gate?.rollback_roles ?? [];
  return allowed.length ? allowed.some((role) => roles.includes(role)) : permissions.has("promote");
}

/** Whether a person may complete it. */
export const mayComplete = (
  { rollback_of_id, gate }: Pick<OpenPromotion, "rollback_of_id" | "gate">,
  actor: Pick<Actor, "roles" | "permissions">,
): boolean => mayRollBack(rollback_of_id ? gate : null, actor);

/** `settlement`: it cannot go on as it is, so its requester has to cancel it or request another one. */
export type Need = "decision" | "completion" | "settlement";

/**
 * What an open promotion needs from this person now; undefined if nothing. `blockers` are all that block it, with or
 * without the approvals that are missing.
 */
export function needOf(
  promotion: OpenPromotion & Pick<PromotionFacts, "approvals"> & Requested,
  actor: Pick<Actor, "person" | "roles" | "permissions">,
  blockers: Blocker[],
): Need | undefined {
  const isStuck = blockers.some(isDeadEnd) || (promotion.state === "approved" && blockers[0]);
  if (isStuck) return mayWithdraw(promotion, actor) ? "settlement" : undefined;
  if (promotion.state === "approved") return mayComplete(promotion, actor) ? "completion" : undefined;
  const decided = promotion.approvals.some((approval) => approval.person_id === actor.person.id);
  if (decided || whyNotDecide(promotion, actor)) return;
  const missing = promotion.requirements.filter(({ given, needed }) => given < needed);
  return missing.some(({ role }) => actor.roles.includes(role)) ? "decision" : undefined;
}

/** The code of the blocker that the source environment has something else by now than what the release froze. */
export const movedOnCode = "content_moved_on";

/** Whether it cannot be approved either: nothing would come of an approval. */
export const isDeadEnd = ({ code }: Blocker): boolean => code === movedOnCode || code === badReleaseCode;

type Requested = { requester_id: string; requester_kind: Actor["person"]["kind"] };

/** Whether it is this person's to settle: they requested it, or a machine did, which reads no inbox. */
export function mayWithdraw(
  { requester_id, requester_kind }: Requested,
  { person, permissions }: Pick<Actor, "person" | "permissions">,
): boolean {
  return permissions.has("promote") && (requester_kind === "machine" || requester_id === person.id);
}

/** Why this person cannot dismiss its rejection. */
export function whyNotDismiss(
  promotion: Requested & { number: number; state: PromotionState; asked_by: string },
  actor: Pick<Actor, "person" | "permissions">,
): string | undefined {
  if (promotion.state !== "rejected") return `Promotion ${promotion.number} was not rejected.`;
  if (!mayWithdraw(promotion, actor)) return `${promotion.asked_by} requested this promotion, so only they dismiss it.`;
}

export function whyNotComment(decision: Decision, comment: string | undefined): string | undefined {
  if (decision === "reject" && !comment?.trim())
    return "A rejection needs a comment. Say what is wrong, so that it can be fixed.";
  return whyNotText("A comment", comment, 10_000);
}

/** What is asked once before an approval, if not all pages are ticked as reviewed. */
export function whyNotReviewed(reviewed: number, toReview: number): string | undefined {
  if (reviewed >= toReview) return;
  return `You have reviewed ${formatCount(reviewed)} of ${countOf(toReview, "page")}. Approve anyway, or review the rest first?`;
}

export function whyNotDigest(promotion: { number: number; digest: string }, digest: string): string | undefined {
  if (digest === promotion.digest) return;
  return `This is not what promotion ${promotion.number} contains. Open it again and review its changes before you decide.`;
}

export function whyClosed({ number, state }: Pick<OpenPromotion, "number" | "state">): string | undefined {
  const endings: Partial<Record<PromotionState, string>> = {
    completed: "has been completed.",
    rejected: "was rejected. To try again, request a new promotion.",
    cancelled: "was cancelled.",
    superseded: "was replaced by a newer one.",
    expired: "has expired.",
  };
  const ending = endings[state];
  return ending && `Promotion ${number} ${ending}`;
}

export function whyNotReason(reason: string | undefined): string | undefined {
  if (!reason?.trim()) return "A cancellation needs a reason.";
  return whyNotText("A reason", reason, 10_000);
}
