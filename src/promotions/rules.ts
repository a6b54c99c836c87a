import type { Actor, StandIn } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import type { Holder } from "../access/holders.ts";
import type { Blocker } from "../errors.ts";
import { frozenCode } from "../freezes/rules.ts";
import { neededApprovals } from "../record/approvers.ts";
import { type BadMark, badInWords, badReleaseCode } from "../record/release-marks.ts";
import type { Flag } from "../schema.ts";
import { countOf, formatCount, joinWithAnd, joinWithOr, nameWithKind, whyNotText } from "../text.ts";

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

interface ApprovalFacts {
  person_id: string;
  role: string;
  decision: Decision;
  digest: string;
  decided_at: string;
  withdrawn_at: string | null;
  /** The person for whom a substitute decided, and how the substitute is called. */
  for_id?: string | null;
  substitute?: string;
}

interface PromotionFacts {
  digest: string;
  gate: Gate | null;
  /** The promotion that it rolls back; null or undefined if it is no rollback. */
  rollback_of_id?: string | null | undefined;
  /** Whether it is the take-down of that promotion. It has a gate only if the approvals of that one do not cover it. */
  is_take_down?: boolean;
  approvals: ApprovalFacts[];
  completion: { completed_at: string; effective_at: string } | null;
  cancellation: { superseded_by: number | null; cancelled_at: string; expired_at: string | null } | null;
}

/** Derived from the recorded rows and stored nowhere, so it cannot disagree with them. */
export function stateOf(promotion: PromotionFacts): PromotionState {
  if (promotion.completion) return "completed";
  if (promotion.approvals.some((approval) => approval.decision === "reject")) return "rejected";
  if (promotion.cancellation?.expired_at) return "expired";
  if (promotion.cancellation) return promotion.cancellation.superseded_by === null ? "cancelled" : "superseded";
  return requirementsOf(promotion, {}).every(({ needed, given }) => given >= needed) ? "approved" : "waiting";
}

/** Whether it is an approval that was not withdrawn. */
const counts = ({ decision, withdrawn_at }: Pick<ApprovalFacts, "decision" | "withdrawn_at">): boolean =>
  decision === "approve" && !withdrawn_at;

/** The approvals that the gate needs, and how many were given for exactly this digest. A person counts once in each role. */
export function requirementsOf(
  { gate, approvals, digest, rollback_of_id, is_take_down }: PromotionFacts,
  roleNames: Record<string, string>,
): Requirement[] {
  if (rollback_of_id && !is_take_down && !gate?.rollback_needs_approval) return [];
  return (gate?.requirements ?? []).map(({ role, count }) => {
    const given = approvals.filter((one) => counts(one) && one.role === role && one.digest === digest);
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
    recorders,
    approvals,
  }: Pick<OpenPromotion, "requirements" | "requester_id" | "gate" | "recorders"> & {
    approvals: Pick<ApprovalFacts, "person_id" | "decision" | "withdrawn_at" | "for_id">[];
  },
  holders: Map<string, Holder[]>,
): Requirement[] {
  const done = new Set(approvals.filter(counts).flatMap(({ person_id, for_id }) => [person_id, for_id ?? person_id]));
  const isRequester = ({ id }: Holder) => id === requester_id && !gate?.asker_may_approve;
  const isExcluded = ({ id, kind }: Holder) =>
    recorders.includes(id) || (kind === "machine" && gate?.machines_may_approve === false);
  return requirements.map((requirement) => {
    const own = holders.get(requirement.role) ?? [];
    const others = own.filter((holder) => !done.has(holder.id) && !isRequester(holder) && !isExcluded(holder));
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
export const notAccepted = (invited: Holder[]): string =>
  `${joinWithAnd(invited.map((holder) => holder.name))} ${invited.length === 1 ? "has" : "have"} not accepted the invitation`;

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
  const given = approvals.filter(counts);
  return [...neededApprovals(gate?.requirements ?? [], given)]
    .map((approval) => approval.decided_at)
    .filter((decidedAt) => decidedAt > completion.effective_at)
    .sort()
    .at(-1);
}

/** Why a promotion cannot be requested: the same one is open already, or it would change nothing. */
export function whyNotRequest(
  release: { number: number; rollback_of: number | null; take_down_of: number | null; bad: BadMark | null },
  environment: { name: string },
  same: { number: number } | undefined,
  contents: { change: PromotionChange }[],
): Blocker | undefined {
  if (same) return { code: "already_asked", message: `Already requested: promotion ${same.number}.` };
  if (release.bad) return badRelease(release.number, release.bad);
  if (release.take_down_of)
    return {
      code: "take_down_release",
      message: `Release ${release.number} is the take-down of promotion ${release.take_down_of}, and is promoted only at its planned moment.`,
    };
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
  approvals?: Pick<ApprovalFacts, "person_id" | "decision" | "withdrawn_at" | "for_id" | "substitute">[];
  environment: { name: string };
  rollback_of_id?: string | null | undefined;
  /** The release's number, and its mark as bad if it has one that was not lifted. */
  release?: number;
  bad?: BadMark | null;
  /** Who recorded any of the contents, if the gate says that they may not approve; else empty. */
  recorders: string[];
  /** The lines of the gate's checklist, each with its tick, if it has one. */
  checklist: { line: string; tick: object | null }[];
}

/** Why this person may neither approve nor reject it. */
export function whyNotDecide(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "standsInFor">,
): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  const { environment, requirements } = promotion;
  if (!requirements.length && promotion.rollback_of_id) return `Rollbacks on ${environment.name} need no approval.`;
  if (!requirements.length) return `Promotions to ${environment.name} need no approval.`;
  if (promotion.requester_id === actor.person.id && !promotion.gate?.asker_may_approve)
    return "You requested this promotion, so someone else has to decide.";
  if (promotion.recorders.includes(actor.person.id))
    return "You recorded something in this release, so someone else has to decide.";
  if (actor.person.kind === "machine" && promotion.gate?.machines_may_approve === false)
    return `${environment.name} needs approval by people, so a token cannot decide.`;
  const byOther = promotion.approvals?.find((approval) => counts(approval) && approval.for_id === actor.person.id);
  if (byOther)
    return `${byOther.substitute} has approved this promotion for you. If you disagree, ask for that to be withdrawn.`;
  const needed = actor.standsInFor?.filter((one) => requirements.some(({ role }) => role === one.role)) ?? [];
  if (!rolesToDecide(promotion, actor).length && needed[0]) return whyNotFor(promotion, actor.person.id, needed[0]);
  if (!rolesToDecide(promotion, actor).length)
    return `${environment.name} needs approval by ${joinWithAnd(requirements.map((role) => role.name))}. You have no such role on this site.`;
}

/** Why a substitute cannot decide for this person who is away. Both count as one person, whoever was first. */
function whyNotFor(
  promotion: DecidedPromotion,
  substituteId: string,
  { person_id, person }: StandIn,
): string | undefined {
  if (person_id === promotion.requester_id && !promotion.gate?.asker_may_approve)
    return `${person} requested this promotion, so nobody decides for them.`;
  if (promotion.recorders.includes(person_id))
    return `${person} recorded something in this release, so nobody decides for them.`;
  const others = promotion.approvals?.filter((one) => counts(one) && one.person_id !== substituteId) ?? [];
  if (others.some((one) => one.person_id === person_id)) return `${person} has approved this promotion already.`;
  const other = others.find((one) => one.for_id === person_id);
  if (other) return `${other.substitute} has approved this promotion for ${person} already.`;
}

type DecidedPromotion = Pick<OpenPromotion, "requester_id" | "gate" | "recorders" | "approvals">;

/** The person for whom this one would decide in a role; undefined if they have the role themselves, or may not. */
export function standInFor(
  promotion: DecidedPromotion,
  actor: Pick<Actor, "person" | "roles" | "standsInFor">,
  role: string,
): StandIn | undefined {
  if (actor.roles.includes(role)) return;
  return actor.standsInFor?.find((one) => one.role === role && !whyNotFor(promotion, actor.person.id, one));
}

/** The person for whom this one would decide on a promotion; undefined if they have a role for it themselves. */
export function standInOn(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "standsInFor">,
): StandIn | undefined {
  const [role] = rolesToDecide(promotion, actor);
  return role === undefined ? undefined : standInFor(promotion, actor, role);
}

const canActIn = (promotion: DecidedPromotion, actor: Parameters<typeof standInFor>[1], role: string): boolean =>
  actor.roles.includes(role) || standInFor(promotion, actor, role) !== undefined;

/** Why this person cannot tick the gate's checklist: only those who decide or complete may. */
export function whyNotTick(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "permissions">,
): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  if (actor.permissions.has("promote") || rolesToDecide(promotion, actor).length) return;
  return "Only those who approve or complete promotions can tick its checklist.";
}

export function whyNotLine({ checklist }: Pick<OpenPromotion, "checklist">, line: string): string | undefined {
  if (!checklist.some((one) => one.line === line)) return "This is not a line of the gate's checklist.";
}

const freshSignInMinutes = 15;

/** Why this person has to sign in again before they approve, if the gate asks for that. */
export function whyNotFresh(
  { gate, environment }: Pick<OpenPromotion, "gate" | "environment">,
  { person, signedInAt, at }: Pick<Actor, "person" | "signedInAt" | "at">,
): string | undefined {
  if (!gate?.fresh_sign_in) return;
  if (person.kind === "machine")
    return `${environment.name} needs approval by people who have just signed in, so a token cannot approve.`;
  if (signedInAt && Date.parse(at) - Date.parse(signedInAt) <= freshSignInMinutes * 60_000) return;
  return `To approve for ${environment.name}, sign in again first: your password must not be older than ${freshSignInMinutes} minutes on this page.`;
}

/** The roles in which this person can decide, those with approvals missing first. */
export function rolesToDecide(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "standsInFor">,
): string[] {
  const own = promotion.requirements.filter(({ role }) => canActIn(promotion, actor, role));
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

/** The roles between which this person has to choose: several of theirs still have approvals missing. Else empty. */
export function rolesToChoose(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "standsInFor">,
): Requirement[] {
  const missing = promotion.requirements.filter(
    ({ role, given, needed }) => given < needed && canActIn(promotion, actor, role),
  );
  return missing.length > 1 ? missing : [];
}

/** Why it has to be said in which role they approve; a person counts once. */
export function whyNotWithoutRole(choices: Requirement[], role: string | undefined): string | undefined {
  if (!choices.length || role) return;
  return `You can approve as ${joinWithOr(choices.map(({ name }) => name))}, and count once. Select the role.`;
}

/** Blockers that end by themselves, or by ticking what is done: nobody has to request anew. */
const passingCodes = ["soaking", "checklist_open", frozenCode];

/**
 * `settlement`: it cannot go on as it is, so its requester has to cancel it or request another one. `due`: its planned
 * moment came, but something else has to happen before somebody can complete it.
 */
export type Need = "decision" | "completion" | "settlement" | "due";

/**
 * What an open promotion needs from this person now; undefined if nothing. `blockers` are all that block it, with or
 * without the approvals that are missing.
 */
export function needOf(
  promotion: NeedingPromotion,
  actor: Pick<Actor, "person" | "roles" | "permissions" | "standsInFor" | "at">,
  blockers: Blocker[],
): Need | undefined {
  const need = needBesidesPlan(promotion, actor, blockers);
  const { go_live_at } = promotion.schedule ?? {};
  // until its moment comes, nobody has to think of a promotion that is planned
  if (need === "completion" && go_live_at && go_live_at > actor.at) return;
  const isDue = promotion.is_take_down || (go_live_at && go_live_at <= actor.at);
  return need ?? (isDue && isOpen(promotion.state) && mayComplete(promotion, actor) ? "due" : undefined);
}

type NeedingPromotion = OpenPromotion &
  Pick<PromotionFacts, "approvals"> &
  Requested & { schedule: { go_live_at: string | null } | null; is_take_down?: boolean };

function needBesidesPlan(
  promotion: NeedingPromotion,
  actor: Pick<Actor, "person" | "roles" | "permissions" | "standsInFor">,
  blockers: Blocker[],
): Need | undefined {
  const lasting = blockers.filter(({ code }) => !passingCodes.includes(code));
  const isStuck = lasting.some(isDeadEnd) || (promotion.state === "approved" && lasting[0]);
  if (isStuck) return mayWithdraw(promotion, actor) ? "settlement" : undefined;
  if (promotion.state === "approved")
    return mayComplete(promotion, actor) && !blockers.some(({ code }) => code === soakingCode || code === frozenCode)
      ? "completion"
      : undefined;
  if (countingApprovalOf(promotion, actor) || whyNotDecide(promotion, actor)) return;
  const missing = promotion.requirements.filter(({ given, needed }) => given < needed);
  return missing.some(({ role }) => canActIn(promotion, actor, role)) ? "decision" : undefined;
}

/** The person's own approval, unless they withdrew it. */
export function countingApprovalOf<T extends Pick<ApprovalFacts, "person_id" | "decision" | "withdrawn_at">>(
  { approvals }: { approvals: T[] },
  { person }: Pick<Actor, "person">,
): T | undefined {
  return approvals.find((approval) => approval.person_id === person.id && counts(approval));
}

/** Why this person cannot withdraw their approval. */
export function whyNotWithdraw(
  promotion: Pick<OpenPromotion, "number" | "state"> & Pick<PromotionFacts, "approvals">,
  actor: Pick<Actor, "person">,
): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  if (!countingApprovalOf(promotion, actor)) return `You have not approved promotion ${promotion.number}.`;
}

export const soakingCode = "soaking";
export const checklistCode = "checklist_open";

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

/** `pages`: how many single pages it asks to be changed. */
export function whyNotComment(decision: Decision, comment: string | undefined, pages = 0): string | undefined {
  if (decision === "reject" && !comment?.trim() && !pages)
    return "A rejection needs a comment. Say what is wrong, so that it can be fixed.";
  return whyNotText("A comment", comment, 10_000);
}

/** What is asked once before an approval, if not all pages are ticked as reviewed. */
export function whyNotReviewed(reviewed: number, toReview: number): string | undefined {
  if (reviewed >= toReview) return;
  return `You have reviewed ${formatCount(reviewed)} of ${countOf(toReview, "page")}. Approve anyway, or review the rest first?`;
}

/** Why this person cannot approve it yet, if the gate asks that they review all of it; `toReview` is null for a machine. */
export function whyNotAllReviewed(
  gate: Gate | null,
  reviewed: number | null,
  toReview: number | null,
): string | undefined {
  if (!gate?.all_reviewed || (reviewed ?? 0) >= (toReview ?? 0)) return;
  return `You have reviewed ${formatCount(reviewed ?? 0)} of ${countOf(toReview ?? 0, "page")}. This gate asks that you review all of them before you approve.`;
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

/** `what` needs the reason, such as "A cancellation". */
export function whyNotReason(what: string, reason: string | undefined): string | undefined {
  if (!reason?.trim()) return `${what} needs a reason.`;
  return whyNotText("A reason", reason, 10_000);
}
