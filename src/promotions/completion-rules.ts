import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import { neededApprovals } from "../record/approvers.ts";
import { rolesToDecide } from "./decision-rules.ts";
import { counts, isOpen, type OpenPromotion, type PromotionFacts, whyClosed } from "./rules.ts";

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

/** Why this person cannot tick the gate's checklist: only those who decide or complete may. */
export function whyNotTick(
  promotion: OpenPromotion,
  actor: Pick<Actor, "person" | "roles" | "permissions" | "standsInFor">,
): string | undefined {
  if (!isOpen(promotion.state)) return whyClosed(promotion);
  if (actor.permissions.has("promote") || rolesToDecide(promotion, actor).length) return;
  return "Only those who approve or complete promotions can tick its checklist.";
}

export function whyNotLine({ checklist }: Pick<OpenPromotion, "checklist">, line: string): string | undefined {
  if (!checklist.some((one) => one.line === line)) return "This is not a line of the gate's checklist.";
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

export const soakingCode = "soaking";
export const checklistCode = "checklist_open";
