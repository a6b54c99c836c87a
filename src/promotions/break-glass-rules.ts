import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import type { Blocker } from "../errors.ts";
import { badReleaseCode } from "../record/release-marks.ts";
import { nameWithKind, whyNotText } from "../text.ts";
import { type PromotionState, whyClosed } from "./rules.ts";

/** Why a promotion cannot be completed without its gate: it has ended, nothing blocks it, or its release is marked as bad. */
export function whyNotForce(promotion: {
  number: number;
  state: PromotionState;
  blockers: Blocker[];
}): string | undefined {
  // nobody has decided against a promotion that has expired
  if (promotion.state !== "expired" && whyClosed(promotion)) return whyClosed(promotion);
  const bad = promotion.blockers.find(({ code }) => code === badReleaseCode);
  if (bad) return `${bad.message} Lift the mark first.`;
  if (!promotion.blockers.length) return `Nothing is blocking promotion ${promotion.number}. Complete it as usual.`;
}

export function whyNotForceReason(reason: string | undefined): string | undefined {
  if (!reason?.trim()) return "Completing without the gate needs a reason. Approvers read it.";
  return whyNotText("A reason", reason, 10_000);
}

export const whyNotReviewComment = (comment: string | undefined): string | undefined =>
  whyNotText("A comment", comment, 10_000);

interface ForcedPromotion {
  number: number;
  gate: Pick<Gate, "requirements"> | null;
  completion: {
    person_id: string;
    forced: { review: { person: string; kind: "person" | "machine" } | null } | null;
  } | null;
}

/** Why this person does not review a completion without its gate: somebody else with a role of the gate, or an administrator, does. */
export function whyNotReviewForced(
  { number, gate, completion }: ForcedPromotion,
  { person, roles, permissions }: Pick<Actor, "person" | "roles" | "permissions">,
): string | undefined {
  if (!completion?.forced) return `Promotion ${number} was not completed without its gate.`;
  const { review } = completion.forced;
  if (review)
    return `${nameWithKind({ name: review.person, kind: review.kind })} has reviewed the completion of promotion ${number} already.`;
  if (person.kind === "machine") return "A person has to review what was completed without its gate.";
  if (completion.person_id === person.id)
    return "You completed it without its gate, so someone else has to review that.";
  const approving = (gate?.requirements ?? []).map(({ role }) => role);
  if (permissions.has("administer") || approving.some((role) => roles.includes(role))) return;
  return "Approvers of its gate and administrators review what was completed without it. You have no such role on this site.";
}
