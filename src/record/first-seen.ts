import { type RawBuilder, sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { isEffective } from "./as-of.ts";

// Versions are ordered by when they were first in any environment, as far as is known (`first_at`).

/** These versions were in an environment at this moment: moves a later `first_at` back to it. */
export function lowerFirstSeen(trx: Database, at: string, versions: { version_id: string | null }[]) {
  const later = trx.updateTable("versions").set({ first_at: at }).where("first_at", ">", at);
  return inBatches(idsOf(versions), (batch) => later.where("id", "in", batch).execute());
}

/** Computes `first_at` of these versions again, from the placements that count. A version without any keeps its own. */
export function resetFirstSeen(trx: Database, versions: { version_id: string | null }[]) {
  return inBatches(idsOf(versions), (batch) => resetFirstSeenWhere(trx, sql`id in (${sql.join(batch)})`));
}

export async function resetFirstSeenWhere(trx: Database, condition: RawBuilder<unknown>): Promise<void> {
  await sql`
    update versions set first_at = coalesce((
      select min(p.effective_at) from placements p
      where p.artifact_id = versions.artifact_id and p.version_id = versions.id and ${isEffective("p")}
    ), first_at)
    where ${condition}`.execute(trx);
}

const idsOf = (versions: { version_id: string | null }[]): string[] => [
  ...new Set(versions.map((version) => version.version_id).filter((id) => id !== null)),
];
