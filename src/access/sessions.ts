import type { Database } from "../database/connect.ts";
import { isDiskFull } from "../database/errors.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Person } from "./actor.ts";

const day = 24 * 60 * 60 * 1000;
export const sessionLifetimeMs = { idle: 7 * day, atMost: 30 * day };
/** How stale `seen_at` may be before it is written again: a session is not worth a write a click. */
const seenEvery = 10 * 60 * 1000;

const later = (at: string, ms: number) => new Date(Date.parse(at) + ms).toISOString();

/** Opens a session and answers its secret, which only the browser keeps. Sessions that have ended are cleared on the way. */
export async function openSession(db: Database, personId: string, at: string): Promise<string> {
  const secret = newSecret();
  await db.deleteFrom("sessions").where("expires_at", "<", at).execute();
  await db
    .insertInto("sessions")
    .values({
      hash: sha256(secret),
      person_id: personId,
      created_at: at,
      seen_at: at,
      expires_at: later(at, sessionLifetimeMs.atMost),
    })
    .execute();
  return secret;
}

/** Whose session it is, if it has not ended: a week without a click ends it, a month ends it in any case. */
export async function findSession(db: Database, secret: string, at: string): Promise<Person | undefined> {
  const hash = sha256(secret);
  const [found] = await open(db, hash, at, later(at, -sessionLifetimeMs.idle));
  if (!found) return;
  const { seen_at, ...person } = found;
  if (seen_at < later(at, -seenEvery)) await markSeen(db, hash, at);
  return person;
}

const open = precompiled((db, hash: string, at: string, idleSince: string) =>
  db
    .selectFrom("sessions as s")
    .innerJoin("people as p", "p.id", "s.person_id")
    .select(["p.id", "p.name", "p.kind", "p.email", "s.seen_at"])
    .where("s.hash", "=", hash)
    .where("s.expires_at", ">", at)
    .where("s.seen_at", ">", idleSince),
);

/** Where the disk is full, looking things up goes on all the same. */
async function markSeen(db: Database, hash: string, at: string): Promise<void> {
  try {
    await db.updateTable("sessions").set({ seen_at: at }).where("hash", "=", hash).execute();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

export async function closeSession(db: Database, secret: string): Promise<void> {
  await db.deleteFrom("sessions").where("hash", "=", sha256(secret)).execute();
}

/** All sessions of a person: after a new password nobody stays signed in. */
export async function closeSessionsOf(db: Database, personId: string): Promise<void> {
  await db.deleteFrom("sessions").where("person_id", "=", personId).execute();
}
