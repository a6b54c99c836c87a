import { sql } from "kysely";
import { readGate } from "../access/gates.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { deciderThen, personSince } from "./former-names.ts";

export interface ApprovedBy {
  /** What the person was called then, with for whom they decided ("Theo for Mara"), and what they are called now if that differs. */
  person: string;
  person_now: string | null;
  /** A machine approves by a token. */
  kind: "person" | "machine";
  /** The role's slug. */
  role: string;
  decided_at: string;
  /** Whether the gate needed it: the first ones of each role, as many as the gate requires. */
  counts: boolean;
}

/** Who approved the promotions of what was deployed, oldest first; by promotion id. */
export async function listApprovers(
  db: Database,
  deployed: { promotion_id: string | null }[],
): Promise<Map<string, ApprovedBy[]>> {
  const ids = [...new Set(deployed.flatMap(({ promotion_id }) => promotion_id ?? []))];
  const rows = await inBatches(ids, (batch) => approvalsOf(db, batch), { size: 1000 });
  const approvers = new Map<string, ApprovedBy[]>();
  for (const [id, own] of Map.groupBy(rows, (row) => row.promotion_id)) {
    const [{ gate_id, version, rules }] = own as [(typeof own)[number]];
    const gate = readGate(gate_id && version && rules ? { id: gate_id, version, rules } : undefined);
    const needed = neededApprovals(gate?.requirements ?? [], own);
    approvers.set(
      id,
      own.map((row) => {
        const { person, person_now, kind, role, decided_at } = row;
        return { person, person_now, kind, role, decided_at, counts: needed.has(row) };
      }),
    );
  }
  return approvers;
}

/** The approvals with which a gate was satisfied: of each role the first ones, as many as it requires. Oldest first. */
export function neededApprovals<T extends { role: string }>(
  requirements: { role: string; count: number }[],
  approvals: T[],
): Set<T> {
  return new Set(
    requirements.flatMap(({ role, count }) => approvals.filter((approval) => approval.role === role).slice(0, count)),
  );
}

/** The condition that an approval was not withdrawn. */
export const notWithdrawn = (approvalId: string) =>
  sql<boolean>`not exists (select 1 from withdrawals w where w.approval_id = ${sql.ref(approvalId)})`;

function approvalsOf(db: Database, promotionIds: string[]) {
  return db
    .selectFrom("approvals as ap")
    .innerJoin("people as pe", "pe.id", "ap.person_id")
    .innerJoin("promotions as pr", "pr.id", "ap.promotion_id")
    .leftJoin("people as f", "f.id", "ap.for_id")
    .leftJoin("gates as g", "g.id", "pr.gate_id")
    .select(["ap.promotion_id", "pe.kind", "ap.role", "ap.decided_at"])
    .select([
      deciderThen("pe", "f", "ap.decided_at", "pr.site_id").as("person"),
      personSince("pe", "ap.decided_at", "pr.site_id").as("person_now"),
    ])
    .select(["g.id as gate_id", "g.version", "g.rules"])
    .where("ap.promotion_id", "in", promotionIds)
    .where("ap.decision", "=", "approve")
    .where(notWithdrawn("ap.id"))
    .orderBy("ap.decided_at")
    .orderBy("ap.id")
    .execute();
}
