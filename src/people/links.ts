import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import type { Schema } from "../schema.ts";

export type Purpose = Schema["links"]["purpose"];

const dayMs = 24 * 60 * 60 * 1000;
const lifetimeMs: Record<Purpose, number> = { setup: dayMs, invitation: 7 * dayMs, reset: dayMs };

export const linkExpiry = (purpose: Purpose, at: string) =>
  new Date(Date.parse(at) + lifetimeMs[purpose]).toISOString();

export async function hasAccount(db: Database): Promise<boolean> {
  const person = await db.selectFrom("people").select("id").where("kind", "=", "person").limit(1).executeTakeFirst();
  return person !== undefined;
}

/**
 * A new secret for /setup, which works once and for a day; earlier ones stop working. Undefined if there is already an
 * account.
 */
export async function setupLink(db: Database, at: string): Promise<string | undefined> {
  if (!(await hasAccount(db))) return newLink(db, "setup", null, at);
}

/** The secret of a new link, which works once and until it expires. Earlier links of the same person stop working. */
export async function newLink(db: Database, purpose: Purpose, personId: string | null, at: string): Promise<string> {
  const secret = newSecret();
  await dropLinks(db, personId);
  const row = { purpose, person_id: personId, expires_at: linkExpiry(purpose, at), used_at: null };
  await db
    .insertInto("links")
    .values({ hash: sha256(secret), ...row })
    .execute();
  return secret;
}

/** Drops the unused links of a person, or, without one, those for the set-up. */
export async function dropLinks(db: Database, personId: string | null): Promise<void> {
  const unused = db.deleteFrom("links").where("used_at", "is", null);
  await (personId ? unused.where("person_id", "=", personId) : unused.where("purpose", "=", "setup")).execute();
}

/** A link with its person; undefined if it is unknown, was used or has expired. */
export async function findLink(db: Database, purpose: Purpose, secret: string, at: string) {
  return db
    .selectFrom("links as l")
    .leftJoin("people as p", "p.id", "l.person_id")
    .select(["l.purpose", "p.id as person_id", "p.name", "p.email"])
    .where("l.hash", "=", sha256(secret))
    .where("l.purpose", "=", purpose)
    .where("l.used_at", "is", null)
    .where("l.expires_at", ">", at)
    .executeTakeFirst();
}

/** Marks a link as used. Undefined if it no longer works: of two simultaneous requests, only one uses it. */
export async function useLink(trx: Database, purpose: Purpose, secret: string, at: string) {
  return trx
    .updateTable("links")
    .set({ used_at: at })
    .where("hash", "=", sha256(secret))
    .where("purpose", "=", purpose)
    .where("used_at", "is", null)
    .where("expires_at", ">", at)
    .returning("person_id")
    .executeTakeFirst();
}
