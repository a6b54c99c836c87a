import type { Kind } from "../schema.ts";
import { longTime } from "../time/format.ts";
import type { PromotionState } from "./rules.ts";

/** What a take-down does: it removes the pages that the promotion brought, or restores what was there before. */
export type TakeDown = (typeof takeDowns)[number];

export const takeDowns = ["remove", "restore"] as const;

interface TakeDownPlan {
  /** ISO 8601 UTC; null: no take-down is planned. */
  take_down_at: string | null;
  take_down: TakeDown | null;
  take_down_redirect: string | null;
}

interface TakenDown {
  number: number;
  state: PromotionState;
  rollback_of_id: string | null;
  approvals: { decision: "approve" | "reject"; withdrawn_at: string | null }[];
  completion: { effective_at: string } | null;
}

/** Whether what the take-down does is fixed: approvals cover it, or it was completed with it. */
export const isTakeDownFixed = ({ approvals, completion }: Pick<TakenDown, "approvals" | "completion">): boolean =>
  completion !== null || approvals.some(({ decision, withdrawn_at }) => decision === "approve" && !withdrawn_at);

/** Why a take-down cannot be planned for this moment, apart from that it has passed. */
export function whyNotTakeDownAt(
  promotion: TakenDown,
  { take_down_at, go_live_at }: TakeDownPlan & { go_live_at: string | null },
  zone: string,
): string | undefined {
  if (!take_down_at) return;
  if (promotion.rollback_of_id) return "A rollback has no take-down.";
  const start = promotion.completion?.effective_at ?? go_live_at;
  if (start && take_down_at <= start) return `The take-down has to be after the go-live, ${longTime(start, zone)}.`;
}

/** Why a take-down cannot do this: it has to be selected, and what approvals cover cannot change. */
export function whyNotTakeDown(
  promotion: TakenDown,
  { take_down_at, take_down }: TakeDownPlan,
  current: { take_down: TakeDown | null },
): string | undefined {
  if (!take_down_at) return;
  if (!take_down) return "Select what the take-down does.";
  if (take_down === current.take_down || !isTakeDownFixed(promotion)) return;
  const { number, completion } = promotion;
  if (completion)
    return `Promotion ${number} was completed ${withTakeDown(current.take_down)}. Roll it back instead, or request another promotion.`;
  return `Promotion ${number} was approved ${withTakeDown(current.take_down)}. Its approvals have to be withdrawn before that changes.`;
}

/** Why visitors cannot be led elsewhere than before: what approvals cover cannot change. */
export function whyNotTakeDownRedirect(
  promotion: TakenDown,
  { take_down_at, take_down, take_down_redirect }: TakeDownPlan,
  current: { take_down: TakeDown | null; take_down_redirect: string | null },
): string | undefined {
  if (!take_down_at) return;
  if (take_down !== current.take_down || take_down_redirect === current.take_down_redirect) return;
  if (!isTakeDownFixed(promotion)) return;
  const led = current.take_down_redirect ? `visitors led to ${current.take_down_redirect}` : "visitors led nowhere";
  const { number, completion } = promotion;
  if (completion) return `Promotion ${number} was completed with ${led}. Request another promotion to change that.`;
  return `Promotion ${number} was approved with ${led}. Its approvals have to be withdrawn before that changes.`;
}

const withTakeDown = (current: TakeDown | null): string => {
  if (!current) return "without a take-down";
  return current === "remove"
    ? "with a take-down that removes its pages"
    : "with a take-down that restores what was there before";
};

/** Why nobody could be led elsewhere. */
export const whyNobodyIsLed = ({ release, environment }: { release: number; environment: { name: string } }): string =>
  `Visitors are led only from pages that are removed: all pages of release ${release} are on ${environment.name} already. Leave this empty.`;

/** Why there is nothing that a take-down could do. */
export const whyNothingToTakeDown = (
  { release, environment }: { release: number; environment: { name: string } },
  take_down: TakeDown,
): string =>
  take_down === "remove"
    ? `Release ${release} adds or changes no page on ${environment.name}, so there is nothing to remove.`
    : `Release ${release} changes nothing on ${environment.name}, so there is nothing to restore.`;

/** A line of a take-down. Versions are null for what is, or is to be, not there. */
export interface TakeDownLine {
  kind: Kind;
  key: string;
  /** What the take-down leaves there. */
  version_id: string | null;
  version: string | null;
  /** Of a page that is removed: where its visitors are led. */
  redirect: string | null;
  /** What the promotion brought, what it replaced, and what is there now. */
  brought: string | null;
  replaced: { version_id: string | null; version: string | null };
  current: { version_id: string | null; version: string | null };
}

/**
 * Why a completed promotion cannot be taken down as it was approved: something else is there by now, or it replaced
 * something else than the take-down restores.
 */
export function whyNotAsApproved(
  { number, environment }: { number: number; environment: { name: string } },
  take_down: TakeDown | null,
  lines: TakeDownLine[],
): string | undefined {
  if (lines.every((line) => line.current.version_id === line.version_id))
    return `Nothing to take down: ${environment.name} already is as the take-down of promotion ${number} would leave it.`;
  const changed = lines.filter(({ current, brought }) => current.version_id !== brought);
  if (changed[0])
    return `${environment.name} now ${has(changed[0].current)} ${changed[0].key}${more(changed)}, which promotion ${number} did not bring, so its take-down does not cover that.`;
  const others = take_down === "restore" ? lines.filter((line) => line.replaced.version_id !== line.version_id) : [];
  if (others[0])
    return `Before promotion ${number}, ${environment.name} ${had(others[0].replaced)} ${others[0].key}${more(others)}, which is not what its take-down restores.`;
}

/** Why a take-down that is not needed yet would not restore what the target has by now: it was prepared before. */
export function whyOutdated(
  { environment }: { environment: { name: string } },
  take_down: TakeDown | null,
  lines: TakeDownLine[],
): string | undefined {
  const others = take_down === "restore" ? lines.filter((line) => line.current.version_id !== line.version_id) : [];
  if (!others[0]) return;
  return `${environment.name} now ${has(others[0].current)} ${others[0].key}${more(others)}, which the take-down would not restore. Save the plan again to prepare it anew.`;
}

const has = ({ version }: { version: string | null }): string => (version === null ? "has no" : `has ${version} of`);
const had = ({ version }: { version: string | null }): string => (version === null ? "had no" : `had ${version} of`);
const more = ({ length }: unknown[]): string => (length > 1 ? ` (and ${length - 1} more)` : "");
