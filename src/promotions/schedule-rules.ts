import type { Actor } from "../access/actor.ts";
import { type Blocker, type FieldError, fieldErrors } from "../errors.ts";
import { longTime } from "../time/format.ts";
import { whyNotMayComplete } from "./rollback-rules.ts";
import { type PromotionState, whyClosed } from "./rules.ts";
import { type TakeDown, whyNotTakeDown, whyNotTakeDownAt, whyNotTakeDownRedirect } from "./take-down-rules.ts";

/** When a promotion is to be completed, and taken down again. Moments are ISO 8601 UTC; null: none is planned. */
export interface Plan {
  go_live_at: string | null;
  /** Whether the deployment happens by itself then, so that Sitebook may complete the promotion. */
  by_itself: boolean;
  take_down_at: string | null;
  take_down: TakeDown | null;
  /** Where visitors of the pages that the take-down removes are led: a path of the site or a web address; null: nowhere. */
  take_down_redirect: string | null;
  take_down_by_itself: boolean;
}

export const noPlan: Plan = {
  go_live_at: null,
  by_itself: false,
  take_down_at: null,
  take_down: null,
  take_down_redirect: null,
  take_down_by_itself: false,
};

/** Why this person may not plan when a promotion goes live, or is taken down: they neither complete it nor administer the site. */
export function whyNotMaySchedule(
  promotion: Parameters<typeof whyNotMayComplete>[0],
  actor: Pick<Actor, "roles" | "permissions">,
  roleNames: Record<string, string>,
): string | undefined {
  return actor.permissions.has("administer") ? undefined : whyNotMayComplete(promotion, actor, roleNames);
}

/** Why nothing of it can be planned any more: it has ended, unless it was completed with a take-down that was not requested yet. */
export function whyNotSchedule(promotion: {
  number: number;
  state: PromotionState;
  schedule: { take_down_release_id: string | null; taken_down_by: number | null } | null;
}): string | undefined {
  const { schedule, number } = promotion;
  if (promotion.state !== "completed" || !schedule?.take_down_release_id) return whyClosed(promotion);
  if (schedule.taken_down_by)
    return `The take-down of promotion ${number} has been requested: promotion ${schedule.taken_down_by}.`;
}

/** What is wrong with a plan, by the fields of the API. `current`: the plan until now. */
export function planErrors(
  promotion: Parameters<typeof whyNotTakeDown>[0],
  plan: Plan,
  current: Plan,
  zone: string,
  now: string,
): FieldError[] {
  const needsMoment = (by_itself: boolean, at: string | null, what: string) =>
    by_itself && !at ? `Enter when ${what} happens by itself, or leave this unticked.` : undefined;
  return fieldErrors({
    go_live_at: whyNotPlanned(plan.go_live_at, current.go_live_at, zone, now),
    by_itself: needsMoment(plan.by_itself, plan.go_live_at, "the deployment"),
    take_down_at:
      whyNotPlanned(plan.take_down_at, current.take_down_at, zone, now) ?? whyNotTakeDownAt(promotion, plan, zone),
    take_down: whyNotTakeDown(promotion, plan, current),
    take_down_redirect: whyNotTakeDownRedirect(promotion, plan, current),
    take_down_by_itself: needsMoment(plan.take_down_by_itself, plan.take_down_at, "the take-down"),
  });
}

/** Whether two plans are for the same moments and do the same then. */
export const isSamePlan = (a: Plan, b: Plan): boolean =>
  (Object.keys(noPlan) as (keyof Plan)[]).every((field) => a[field] === b[field]);

const lastMoment = "2099-12-31";

/** A moment that was planned before may have passed since. */
function whyNotPlanned(at: string | null, current: string | null, zone: string, now: string): string | undefined {
  if (!at || at === current) return;
  if (at <= now) return `${longTime(at, zone)} is in the past. Enter a date and time in the future.`;
  if (at > lastMoment) return "A planned moment has to be before the year 2100.";
}

/** Whether a planned moment has come. */
export const isDue = (at: string | null | undefined, now: string): boolean => !!at && at <= now;

/**
 * Why a promotion could not be completed at its planned moment, if it could not; `then` and `now` are what blocked it at
 * that moment and what blocks it by now, which may be later if Sitebook was not running.
 */
export function whyNotOnTime(then: Blocker[], now: Blocker[]): string | undefined {
  if (now.length) return now.map(({ message }) => message).join(" ");
  if (then.length) return `At the planned moment: ${[...new Set(then.map(inThePast))].join(" ")}`;
}

/** Who can approve by now, which the blocker names, does not matter any more. */
const inThePast = ({ code, message }: Blocker): string =>
  code === "approvals_missing" ? "not all approvals had been given." : message;

interface Dated {
  approvals: { decided_at: string }[];
  checklist: { line: string; tick: { ticked_at: string } | null }[];
}

/** The promotion without what people did after a moment. */
export const asItWasAt = <T extends Dated>(promotion: T, at: string): T => ({
  ...promotion,
  approvals: promotion.approvals.filter(({ decided_at }) => decided_at <= at),
  checklist: promotion.checklist.map(({ line, tick }) => ({ line, tick: tick && tick.ticked_at <= at ? tick : null })),
});
