import type { Actor } from "../access/actor.ts";
import type { Blocker } from "../errors.ts";
import { frozenCode } from "../freezes/rules.ts";
import { badReleaseCode } from "../record/release-marks.ts";
import { mayComplete, soakingCode } from "./completion-rules.ts";
import { canActIn, countingApprovalOf, whyNotDecide } from "./decision-rules.ts";
import { isOpen, type OpenPromotion, type PromotionFacts, type PromotionState } from "./rules.ts";

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
  if (!isOpen(promotion.state)) return;
  const need = needBesidesPlan(promotion, actor, blockers);
  const { go_live_at } = promotion.schedule ?? {};
  // until its moment comes, nobody has to think of a promotion that is planned
  if (need === "completion" && go_live_at && go_live_at > actor.at) return;
  const isDue = promotion.is_take_down || (go_live_at && go_live_at <= actor.at);
  return need ?? (isDue && mayComplete(promotion, actor) ? "due" : undefined);
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
