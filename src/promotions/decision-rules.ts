import type { Actor, StandIn } from "../access/actor.ts";
import { freshSignInMinutes, isFreshSignIn } from "../access/fresh-sign-in.ts";
import { joinWithAnd, joinWithOr } from "../text.ts";
import {
  type ApprovalFacts,
  counts,
  isOpen,
  type OpenPromotion,
  type PromotionFacts,
  type Requirement,
  whyClosed,
} from "./rules.ts";

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

export const canActIn = (promotion: DecidedPromotion, actor: Parameters<typeof standInFor>[1], role: string): boolean =>
  actor.roles.includes(role) || standInFor(promotion, actor, role) !== undefined;

/** Why this person has to sign in again before they approve, if the gate asks for that. */
export function whyNotFresh(
  { gate, environment }: Pick<OpenPromotion, "gate" | "environment">,
  { person, guest, signedInAt, at }: Pick<Actor, "person" | "guest" | "signedInAt" | "at">,
): string | undefined {
  if (!gate?.fresh_sign_in) return;
  if (person.kind === "machine")
    return `${environment.name} needs approval by people who have just signed in, so a token cannot approve.`;
  if (isFreshSignIn(signedInAt, at)) return;
  if (guest)
    return `To approve for ${environment.name}, open the link in your mail again, and enter a new code: you entered the last one more than ${freshSignInMinutes} minutes ago.`;
  return `To approve for ${environment.name}, sign in again first: you signed in more than ${freshSignInMinutes} minutes ago.`;
}

/** The roles in which this person can decide, those with approvals missing first. */
export function rolesToDecide(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "standsInFor">,
): string[] {
  const own = promotion.requirements.filter(({ role }) => canActIn(promotion, actor, role));
  return own.sort((a, b) => Number(a.given >= a.needed) - Number(b.given >= b.needed)).map(({ role }) => role);
}

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
