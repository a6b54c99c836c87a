import type { Database } from "../database/connect.ts";

export interface ApprovedBy {
  person: string;
  role: string;
  decided_at: string;
}

/** The approvals of these promotions, by promotion id, oldest first. */
export async function listApprovers(db: Database, promotionIds: (string | null)[]): Promise<Map<string, ApprovedBy[]>> {
  const ids = [...new Set(promotionIds.filter((id) => id !== null))];
  const approvers = new Map<string, ApprovedBy[]>();
  for (let i = 0; i < ids.length; i += 1000) {
    const rows = await db
      .selectFrom("approvals as ap")
      .innerJoin("people as pe", "pe.id", "ap.person_id")
      .select(["ap.promotion_id", "pe.name as person", "ap.role", "ap.decided_at"])
      .where("ap.promotion_id", "in", ids.slice(i, i + 1000))
      .where("ap.decision", "=", "approve")
      .orderBy("ap.decided_at")
      .execute();
    for (const { promotion_id, ...approval } of rows)
      approvers.set(promotion_id, [...(approvers.get(promotion_id) ?? []), approval]);
  }
  return approvers;
}
