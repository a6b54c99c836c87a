import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listContents } from "../record/releases.ts";
import type { Promotion } from "./queries.ts";

/** Artifact ids: whose checkboxes were on the page, and which of them were ticked. */
export interface ReviewTicks {
  shown: string[];
  ticked: string[];
}

/** Saves this person's ticks, and removes those of boxes that were on the page but not ticked. A closed promotion takes none. */
export async function saveTicks(db: Database, actor: Actor, promotion: Promotion, ticks: ReviewTicks): Promise<void> {
  if (!promotion.open) return;
  const contents = new Set((await listContents(db, promotion.release_id)).map((content) => content.artifact_id));
  const saved = await tickedBy(db, promotion.id, actor.person.id);
  const ticked = new Set(ticks.ticked);
  const added = [...ticked].filter((id) => contents.has(id) && !saved.has(id));
  const removed = ticks.shown.filter((id) => saved.has(id) && !ticked.has(id));
  if (!added.length && !removed.length) return;
  const tick = { promotion_id: promotion.id, person_id: actor.person.id, looked_at: actor.at };
  await db.transaction().execute(async (trx) => {
    await inBatches(removed, async (batch) => {
      const rows = trx.deleteFrom("looks").where("promotion_id", "=", promotion.id);
      await rows.where("person_id", "=", actor.person.id).where("artifact_id", "in", batch).execute();
      return [];
    });
    await inBatches(added, async (batch) => {
      await trx
        .insertInto("looks")
        .values(batch.map((artifact_id) => ({ ...tick, artifact_id })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return [];
    });
  });
}

/** The artifact ids that this person has ticked as reviewed. */
export async function tickedBy(db: Database, promotionId: string, personId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom("looks")
    .select("artifact_id")
    .where("promotion_id", "=", promotionId)
    .where("person_id", "=", personId)
    .execute();
  return new Set(rows.map((row) => row.artifact_id));
}
