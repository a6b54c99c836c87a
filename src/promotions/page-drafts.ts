import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { listContents } from "../record/releases.ts";
import { type PageRequest, whyNotPageComment } from "./page-comments.ts";
import type { Promotion } from "./queries.ts";

/** What this person has written about single pages, by their keys, for the rejection that they may send. */
export async function pageDrafts(db: Database, siteId: string, number: number, personId: string) {
  const rows = await selectDrafts(db, siteId, number, personId);
  return new Map(rows.map(({ key, comment }) => [key, comment]));
}

const selectDrafts = precompiled((db, siteId: string, number: number, personId: string) =>
  db
    .selectFrom("promotions as p")
    .innerJoin("page_drafts as d", "d.promotion_id", "p.id")
    .innerJoin("artifacts as a", "a.id", "d.artifact_id")
    .select(["a.key", "d.comment"])
    .where("p.site_id", "=", siteId)
    .where("p.number", "=", number)
    .where("d.person_id", "=", personId),
);

/**
 * Saves what was typed about pages of an open promotion, as ticks are saved: the page is loaded section by section. An
 * empty text removes the draft. What a rejection would be refused for is not saved.
 */
export async function savePageDrafts(
  db: Database,
  actor: Actor,
  siteId: string,
  promotion: Pick<Promotion, "id" | "number" | "open" | "release_id">,
  posted: PageRequest[],
): Promise<void> {
  if (!promotion.open || !posted.length) return;
  const saved = await pageDrafts(db, siteId, promotion.number, actor.person.id);
  const changed = posted.filter(({ key, comment }) => (saved.get(key) ?? "") !== comment.trim());
  if (!changed.length) return;
  const ids = new Map((await listContents(db, promotion.release_id)).map((one) => [one.key, one.artifact_id]));
  const known = changed.flatMap(({ key, comment }) => {
    const artifact_id = ids.get(key);
    return artifact_id ? [{ artifact_id, key, comment: comment.trim() }] : [];
  });
  const own = { promotion_id: promotion.id, person_id: actor.person.id };
  await db.transaction().execute((trx) =>
    inBatches(known, async (batch) => {
      const drafts = trx.deleteFrom("page_drafts").where("promotion_id", "=", own.promotion_id);
      const artifacts = batch.map((page) => page.artifact_id);
      await drafts.where("person_id", "=", own.person_id).where("artifact_id", "in", artifacts).execute();
      const kept = batch.filter((page) => !whyNotPageComment(page));
      const rows = kept.map(({ artifact_id, comment }) => ({ ...own, artifact_id, comment }));
      if (rows.length)
        await trx
          .insertInto("page_drafts")
          .values(rows)
          .onConflict((c) => c.doNothing())
          .execute();
    }),
  );
}
