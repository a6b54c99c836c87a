import { sql } from "kysely";
import { Refusal } from "../errors.ts";
import type { Database } from "./connect.ts";
import { lockRequest } from "./locks.ts";
import { WritersAdapter } from "./postgres/dialect.ts";
import { precompiled } from "./precompiled.ts";

/** What a transaction needs to know about the actor. */
interface Requester {
  person: { id: string };
  /** ISO 8601 UTC with milliseconds. */
  at: string;
  request?: { key: string; fingerprint: string } | undefined;
}

/**
 * Runs a verb in one transaction. The writers of one site run one after another, so that what a verb has read is still
 * true when it writes. `work` gets the actor with a time that is never before the site's last event.
 *
 * If the request carries a key, the result of `work` is stored as JSON; when the request is repeated, that result is
 * returned and `work` does not run. Throws a Refusal with 422 if the key was used with another body.
 */
export function siteTransaction<T, A extends Requester>(
  db: Database,
  actor: A,
  siteId: string,
  work: (trx: Database, actor: A) => Promise<T>,
): Promise<T> {
  return lockedTransaction(db, siteId, async (trx) => {
    const { person, request } = actor;
    const [by, , [stored]] = await Promise.all([
      atOrAfterLastEvent(trx, actor, siteId),
      request && lockRequest(trx, person.id, request.key),
      request ? storedAnswer(trx, person.id, request.key) : [],
    ]);
    if (!request) return work(trx, by);
    if (stored) return replay<T>(stored, request.fingerprint);
    const result = await work(trx, by);
    await trx
      .insertInto("intents")
      .values({
        person_id: person.id,
        key: request.key,
        fingerprint: request.fingerprint,
        answer: JSON.stringify(result ?? null),
        at: by.at,
      })
      .execute();
    return result;
  });
}

/** SQLite has one writer for all sites. */
function lockedTransaction<T>(db: Database, siteId: string, work: (trx: Database) => Promise<T>): Promise<T> {
  const { adapter } = db.getExecutor();
  return adapter instanceof WritersAdapter ? adapter.writers.run(db, siteId, work) : db.transaction().execute(work);
}

const storedAnswer = precompiled((trx, personId: string, key: string) =>
  trx.selectFrom("intents").select(["fingerprint", "answer"]).where("person_id", "=", personId).where("key", "=", key),
);

/** A request that had to wait is recorded no earlier than the one before: what was known at a moment never grows. */
async function atOrAfterLastEvent<A extends Requester>(trx: Database, actor: A, siteId: string): Promise<A> {
  const [last] = await newestEventTime(trx, siteId);
  return last && last.recorded_at > actor.at ? { ...actor, at: last.recorded_at } : actor;
}

const newestEventTime = precompiled((trx, siteId: string) =>
  trx.selectFrom("events").select("recorded_at").where("site_id", "=", siteId).orderBy("seq", "desc").limit(sql.lit(1)),
);

function replay<T>(stored: { fingerprint: string; answer: string }, fingerprint: string): T {
  if (stored.fingerprint === fingerprint) return JSON.parse(stored.answer) as T;
  throw new Refusal(
    422,
    "This Idempotency-Key was already used for another request. Use a new key for a new request.",
    {
      code: "idempotency_key_reused",
    },
  );
}
