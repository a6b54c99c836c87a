import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { refuse } from "../errors.ts";
import { changeInSql } from "./change-counts.ts";
import type { Promotion } from "./queries.ts";
import { whyClosed } from "./rules.ts";

/** Artifact ids: whose checkboxes were on the page, and which of them were ticked. */
export interface ReviewTicks {
  shown: string[];
  ticked: string[];
}

/** Saves this person's ticks, and removes those of boxes that were on the page but not ticked. A closed promotion takes none. */
export async function saveTicks(db: Database, actor: Actor, promotion: Promotion, ticks: ReviewTicks): Promise<void> {
  if (!promotion.open) return;
  const saved = await tickedBy(db, promotion.id, actor.person.id);
  const ticked = new Set(ticks.ticked);
  const added = await contentsAmong(
    db,
    promotion.release_id,
    [...ticked].filter((id) => !saved.has(id)),
  );
  const removed = ticks.shown.filter((id) => saved.has(id) && !ticked.has(id));
  if (!added.length && !removed.length) return;
  const tick = { promotion_id: promotion.id, person_id: actor.person.id, looked_at: actor.at };
  await db.transaction().execute(async (trx) => {
    await inBatches(removed, async (batch) => {
      const rows = trx.deleteFrom("looks").where("promotion_id", "=", promotion.id);
      await rows.where("person_id", "=", actor.person.id).where("artifact_id", "in", batch).execute();
    });
    await inBatches(added, async (batch) => {
      await trx
        .insertInto("looks")
        .values(batch.map((artifact_id) => ({ ...tick, artifact_id })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  });
}

/** Those of these artifacts that the release contains. */
async function contentsAmong(db: Database, releaseId: string, artifactIds: string[]): Promise<string[]> {
  const rows = await inBatches(artifactIds, (batch) =>
    db
      .selectFrom("release_contents")
      .select("artifact_id")
      .where("release_id", "=", releaseId)
      .where("artifact_id", "in", batch)
      .execute(),
  );
  return rows.map((row) => row.artifact_id);
}

/**
 * Ticks every page of a section that the promotion changes as reviewed by this person, or removes these ticks. Pages that
 * have the wanted tick already stay as they are. Throws a Refusal with 409 if the promotion is closed.
 */
export async function saveSectionTicks(
  db: Database,
  actor: Actor,
  promotion: Promotion,
  { section, reviewed }: { section: string; reviewed: boolean },
): Promise<void> {
  refuse(whyClosed(promotion));
  // in one order, so that two requests at once do not wait for each other
  const changed = sql`
    select c.artifact_id from promotions p
    join release_contents c on c.release_id = p.release_id
    join artifacts a on a.id = c.artifact_id
    left join current_placements t on t.environment_id = p.environment_id and t.artifact_id = c.artifact_id
    where p.id = ${promotion.id} and a.kind = 'page' and a.section = ${section} and ${changeInSql} <> 'same'
    order by c.artifact_id`;
  await db.transaction().execute((trx) =>
    reviewed
      ? sql`
    insert into looks (promotion_id, person_id, artifact_id, looked_at)
    select ${promotion.id}, ${actor.person.id}, artifact_id, ${actor.at} from (${changed}) changed where true
    on conflict do nothing`.execute(trx)
      : sql`
    delete from looks where promotion_id = ${promotion.id} and person_id = ${actor.person.id}
      and artifact_id in (${changed})`.execute(trx),
  );
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
