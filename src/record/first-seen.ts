import { type RawBuilder, sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { isEffective } from "./as-of.ts";

// Versions are ordered by when they were first in any environment, as far as is known.

/** These versions were there at this moment: no later than that they were first seen. */
export function lowerFirstSeen(trx: Database, at: string, versions: { version_id: string | null }[]) {
  return inBatches(idsOf(versions), async (piece) => {
    await trx
      .updateTable("versions")
      .set({ first_at: at })
      .where("id", "in", piece)
      .where("first_at", ">", at)
      .execute();
    return [];
  });
}

/** For these versions anew, by the placements that count; of one without any it stays as it is. */
export function resetFirstSeen(trx: Database, versions: { version_id: string | null }[]) {
  return inBatches(idsOf(versions), async (piece) => {
    await resetFirstSeenWhere(trx, sql`id in (${sql.join(piece)})`);
    return [];
  });
}

export async function resetFirstSeenWhere(trx: Database, among: RawBuilder<unknown>): Promise<void> {
  await sql`
    update versions set first_at = coalesce((
      select min(p.effective_at) from placements p
      where p.artifact_id = versions.artifact_id and p.version_id = versions.id and ${isEffective("p")}
    ), first_at)
    where ${among}`.execute(trx);
}

const idsOf = (versions: { version_id: string | null }[]): string[] => [
  ...new Set(versions.map((one) => one.version_id).filter((id) => id !== null)),
];
