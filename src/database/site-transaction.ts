import { sql } from "kysely";
import { Refusal } from "../errors.ts";
import { type Database, isPostgres } from "./connect.ts";
import { precompiled } from "./precompiled.ts";

/** What a transaction needs to know of whoever asks for it. */
interface Requester {
  person: { id: string };
  /** ISO 8601 UTC with milliseconds. */
  at: string;
  request?: { key: string; fingerprint: string } | undefined;
}

/**
 * One intent, one transaction. Writers of one site take turns, so that what a verb read is still true when it writes
 * (SQLite has one writer anyway; PostgreSQL locks the site's row). A request that carries a key gets its first
 * answer again when it is repeated, and 422 when the key comes back with another body.
 * What `work` returns is kept as JSON where there is a key. The moment of its `by` is never before the site's last event.
 */
export function siteTransaction<T, A extends Requester>(
  db: Database,
  told: A,
  siteId: string,
  work: (trx: Database, by: A) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (trx) => {
    await lockSite(trx, siteId);
    const by = await atOrAfterLastEvent(trx, told, siteId);
    const { request } = by;
    if (!request) return work(trx, by);
    await lockPerson(trx, by);
    const before = await trx
      .selectFrom("intents")
      .select(["fingerprint", "answer"])
      .where("person_id", "=", by.person.id)
      .where("key", "=", request.key)
      .executeTakeFirst();
    if (before) return replay<T>(before, request.fingerprint);
    const answer = await work(trx, by);
    await trx
      .insertInto("intents")
      .values({
        person_id: by.person.id,
        key: request.key,
        fingerprint: request.fingerprint,
        answer: JSON.stringify(answer ?? null),
        at: by.at,
      })
      .execute();
    return answer;
  });
}

async function lockSite(trx: Database, siteId: string): Promise<void> {
  if (isPostgres(trx)) await trx.selectFrom("sites").select("id").where("id", "=", siteId).forUpdate().execute();
}

/** Whoever had to wait is told later than the one before: what was known at a moment is not added to afterwards. */
async function atOrAfterLastEvent<A extends Requester>(trx: Database, by: A, siteId: string): Promise<A> {
  const [last] = await newestEventTime(trx, siteId);
  return last && last.recorded_at > by.at ? { ...by, at: last.recorded_at } : by;
}

const newestEventTime = precompiled((trx, siteId: string) =>
  trx.selectFrom("events").select("recorded_at").where("site_id", "=", siteId).orderBy("seq", "desc").limit(sql.lit(1)),
);

/** Of two requests with one key the second waits for the first one's answer, also where there is no site yet to wait for. */
async function lockPerson(trx: Database, by: Requester): Promise<void> {
  if (isPostgres(trx))
    await trx.selectFrom("people").select("id").where("id", "=", by.person.id).forNoKeyUpdate().execute();
}

function replay<T>(before: { fingerprint: string; answer: string }, fingerprint: string): T {
  if (before.fingerprint === fingerprint) return JSON.parse(before.answer) as T;
  throw new Refusal(
    422,
    "This Idempotency-Key was already used for another request. Use a new key for a new request.",
    {
      code: "idempotency_key_reused",
    },
  );
}
