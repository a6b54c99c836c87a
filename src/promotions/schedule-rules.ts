import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import { type Blocker, type FieldError, fieldErrors } from "../errors.ts";
import { longTime } from "../time/format.ts";
import { whyNotMayComplete } from "./rollback-rules.ts";
import { type PromotionState, whyClosed } from "./rules.ts";

/** When a promotion is to be completed. Moments are ISO 8601 UTC; null: none is planned. */
export interface Plan {
  go_live_at: string | null;
  /** Whether the deployment happens by itself then, so that Sitebook may complete the promotion. */
  by_itself: boolean;
}

export const noPlan: Plan = { go_live_at: null, by_itself: false };

/** Why this person cannot plan when a promotion goes live: it has ended, or they neither complete it nor administer the site. */
export function whyNotSchedule(
  promotion: {
    number: number;
    state: PromotionState;
    rollback_of_id: string | null;
    environment: { name: string };
    gate: Gate | null;
  },
  actor: Pick<Actor, "roles" | "permissions">,
  roleNames: Record<string, string>,
): string | undefined {
  const mayNot = whyNotMayComplete(promotion, actor, roleNames);
  if (mayNot && !actor.permissions.has("administer")) return mayNot;
  return whyClosed(promotion);
}

/** What is wrong with a plan, by the fields of the API. `current`: the plan until now. */
export function planErrors(plan: Plan, current: Plan, zone: string, now: string): FieldError[] {
  return fieldErrors({
    go_live_at: whyNotPlanned(plan.go_live_at, current.go_live_at, zone, now),
    by_itself:
      plan.by_itself && !plan.go_live_at
        ? "Enter when the deployment happens by itself, or leave this unticked."
        : undefined,
  });
}

const lastMoment = "2099-12-31";

/** A moment that was planned before may have passed since. */
function whyNotPlanned(at: string | null, current: string | null, zone: string, now: string): string | undefined {
  if (!at || at === current) return;
  if (at <= now) return `${longTime(at, zone)} is in the past. Enter a date and time to come.`;
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
