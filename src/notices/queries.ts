import { personName } from "../access/person-name.ts";
import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { enqueue, maxAttempts, runNow } from "../jobs/queue.ts";
import { type NoticeKind, noticeKinds } from "./rules.ts";

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
  return rows.map((row) => {
    const { last_error, attempts = 0 } = errors.get(row.id) ?? {};
    return { ...row, kind: row.kind as NoticeKind, error: last_error ?? null, failed: attempts >= maxAttempts };
  });
}

/** Why those that wait were not sent yet, and after how many attempts, by id. */
async function sendErrors(db: Database, siteId: string, ids: string[]) {
  if (!ids.length) return new Map<string, { last_error: string | null; attempts: number }>();
  const rows = await db
    .selectFrom("jobs")
    .select(["ref", "last_error", "attempts"])
    .where("site_id", "=", siteId)
    .where("done_at", "is", null)
    .where("kind", "=", "notice")
    .where("last_error", "is not", null)
    .where("ref", "in", ids)
    .execute();
  return new Map(rows.map((row) => [row.ref, row]));
}

/** Sends a notice of a site once more, now. Throws a Refusal with 404 if there is none. */
export async function sendAgain(db: Database, siteId: string, id: string, now: string): Promise<void> {
  const job = { site_id: siteId, kind: "notice", ref: id };
  await db.transaction().execute(async (trx) => {
    const notice = trx.updateTable("notices").where("id", "=", id).where("site_id", "=", siteId);
    const again = notice.set({ state: "waiting", outcome: null, ended_at: null, delivery: "now", bounce: null });
    const { numUpdatedRows: ended } = await again.where("state", "!=", "waiting").executeTakeFirstOrThrow();
    if (!ended && (await runNow(trx, job, now))) return;
    // one that waits for a digest has no job of its own
    const { numUpdatedRows } = await notice.set({ delivery: "now" }).executeTakeFirstOrThrow();
    if (!numUpdatedRows) notFound("notice");
    await enqueue(trx, { ...job, run_at: now });
  });
}

/** What a mail with this secret tells a person about a site, by kind: several in a digest. Undefined if it is long gone. */
export async function findByUnsubscribeKey(db: Database, key: string) {
  const notice = await db
    .selectFrom("notices as n")
    .innerJoin("sites as s", "s.id", "n.site_id")
    .select(["n.site_id", "n.person_id", "n.kind", "n.mail_id", "s.name as site"])
    .where("n.unsubscribe_key", "=", key)
    .executeTakeFirst();
  if (!notice) return;
  const { mail_id, kind, ...about } = notice;
  const mail = db.selectFrom("notices").select("kind").where("mail_id", "=", mail_id);
  const rows = mail_id === null ? [] : await mail.execute();
  const told = new Set([kind, ...rows.map((row) => row.kind)]);
  return { ...about, kinds: noticeKinds.filter((one) => told.has(one)) };
}
