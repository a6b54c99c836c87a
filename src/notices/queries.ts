import { personName } from "../access/person-name.ts";
import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { enqueue } from "../jobs/queue.ts";
import type { NoticeKind } from "./rules.ts";

export type ListedNotice = Awaited<ReturnType<typeof listNotices>>[number];

/** The newest notices of a site, or of one person on it, with what came of them. `before`: the id of the last one listed. */
export async function listNotices(
  db: Database,
  siteId: string,
  { personId, before, limit }: { personId?: string | undefined; before?: string | undefined; limit: number },
) {
  let query = db
    .selectFrom("notices as n")
    .innerJoin("people as p", "p.id", "n.person_id")
    .leftJoin("promotions as pr", "pr.id", "n.promotion_id")
    .select(["n.id", "n.kind", "n.delivery", "n.created_at", "n.state", "n.outcome", "n.ended_at", "n.seq", "n.bounce"])
    .select(["pr.number as promotion", personName("p", "n.site_id").as("person")])
    .where("n.site_id", "=", siteId)
    .orderBy("n.id", "desc")
    .limit(limit);
  if (personId !== undefined) query = query.where("n.person_id", "=", personId);
  if (before !== undefined) query = query.where("n.id", "<", before);
  const rows = await query.execute();
  const errors = await sendErrors(
    db,
    siteId,
    rows.filter(({ state }) => state === "waiting").map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, kind: row.kind as NoticeKind, error: errors.get(row.id) ?? null }));
}

/** Why those that wait were not sent yet, by id. */
async function sendErrors(db: Database, siteId: string, ids: string[]): Promise<Map<string, string>> {
  if (!ids.length) return new Map();
  const rows = await db
    .selectFrom("jobs")
    .select(["ref", "last_error"])
    .where("site_id", "=", siteId)
    .where("done_at", "is", null)
    .where("kind", "=", "notice")
    .where("last_error", "is not", null)
    .where("ref", "in", ids)
    .execute();
  return new Map(rows.map(({ ref, last_error }) => [ref, last_error as string]));
}

/** Sends a notice of a site once more, now. Throws a Refusal with 404 if there is none. */
export async function sendAgain(db: Database, siteId: string, id: string, now: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable("notices")
      .set({ state: "waiting", outcome: null, ended_at: null, delivery: "now", bounce: null })
      .where("id", "=", id)
      .where("site_id", "=", siteId)
      .executeTakeFirstOrThrow();
    if (!numUpdatedRows) notFound("notice");
    await enqueue(trx, { site_id: siteId, kind: "notice", ref: id, run_at: now });
  });
}

/** The notice in whose mail this secret is, with its site and person; undefined if it is long gone. */
export const findByUnsubscribeKey = (db: Database, key: string) =>
  db
    .selectFrom("notices as n")
    .innerJoin("sites as s", "s.id", "n.site_id")
    .select(["n.site_id", "n.person_id", "n.kind", "s.name as site"])
    .where("n.unsubscribe_key", "=", key)
    .executeTakeFirst();
