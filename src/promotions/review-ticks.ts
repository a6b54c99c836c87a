import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listContents } from "../record/releases.ts";
import type { Promotion } from "./queries.ts";

/** Artifact ids: which boxes were on the page, and which of them were ticked. */
export interface ReviewTicks {
  shown: string[];
  looked: string[];
}

/** Ticks what has been looked at, and unticks the rest of what was shown; only for the one who looks. */
export async function saveTicks(
  db: Database,
  by: Actor,
  promotion: Promotion,
  { shown, looked }: ReviewTicks,
): Promise<void> {
  if (!promotion.open) return;
  const ticked = new Set(looked);
  const inIt = new Set((await listContents(db, promotion.release_id)).map((one) => one.artifact_id));
  const before = await tickedBy(db, promotion.id, by.person.id);
  const fresh = [...ticked].filter((id) => inIt.has(id) && !before.has(id));
  const gone = shown.filter((id) => before.has(id) && !ticked.has(id));
  if (!fresh.length && !gone.length) return;
  const mine = { promotion_id: promotion.id, person_id: by.person.id };
  await db.transaction().execute(async (trx) => {
    await inBatches(gone, async (piece) => {
      const ticks = trx.deleteFrom("looks").where("promotion_id", "=", promotion.id);
      await ticks.where("person_id", "=", by.person.id).where("artifact_id", "in", piece).execute();
      return [];
    });
    await inBatches(fresh, async (piece) => {
      const rows = piece.map((artifact_id) => ({ ...mine, artifact_id, looked_at: by.at }));
      await trx
        .insertInto("looks")
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return [];
    });
  });
}

/** The artifact ids that this person has ticked. */
export async function tickedBy(db: Database, promotionId: string, personId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom("looks")
    .select("artifact_id")
    .where("promotion_id", "=", promotionId)
    .where("person_id", "=", personId)
    .execute();
  return new Set(rows.map((row) => row.artifact_id));
}
