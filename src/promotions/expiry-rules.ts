import type { Gate } from "../access/gates.ts";
import type { Blocker } from "../errors.ts";
import { addMs } from "../time/add.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** When a promotion expires that is not completed before, ISO 8601 UTC; undefined: never. */
export function promotionExpiry({ gate, asked_at }: { gate: Gate | null; asked_at: string }): string | undefined {
  return gate?.promotion_days ? addMs(asked_at, gate.promotion_days * dayMs) : undefined;
}

interface Expiring {
  decision: "approve" | "reject";
  decided_at: string;
  withdrawn_at: string | null;
}

/** When an approval stops to count, ISO 8601 UTC; undefined: never, or it does not count. */
export function approvalExpiry({ gate }: { gate: Gate | null }, approval: Expiring): string | undefined {
  if (!gate?.approval_days || approval.decision === "reject" || approval.withdrawn_at) return;
  return addMs(approval.decided_at, gate.approval_days * dayMs);
}

/** What is too old for completion though the background work, which ends it, has not come to it yet. */
export function expiredBlockers(
  promotion: { number: number; gate: Gate | null; asked_at: string; approvals: (Expiring & { person?: string })[] },
  now: string,
): Blocker[] {
  const isPast = (due: string | undefined) => due !== undefined && due <= now;
  if (isPast(promotionExpiry(promotion)))
    return [{ code: "expired", message: `Promotion ${promotion.number} has expired. Request a new one.` }];
  return promotion.approvals
    .filter((approval) => isPast(approvalExpiry(promotion, approval)))
    .map(({ person }) => ({ code: "approvals_missing", message: `The approval by ${person} has expired.` }));
}
