import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import type { Schema } from "../schema.ts";

export type Purpose = Schema["links"]["purpose"];

const day = 24 * 60 * 60 * 1000;
const lasts: Record<Purpose, number> = { setup: day, invitation: 7 * day, reset: day };

export const linkExpiry = (purpose: Purpose, at: string) => new Date(Date.parse(at) + lasts[purpose]).toISOString();

export async function hasAccount(db: Database): Promise<boolean> {
  const somebody = await db.selectFrom("people").select("id").where("kind", "=", "person").limit(1).executeTakeFirst();
  return somebody !== undefined;
}

/** While there is no account: a new secret for /setup, good once and for a day. The ones before it stop working. */
export async function setupLink(db: Database, at: string): Promise<string | undefined> {
  if (!(await hasAccount(db))) return newLink(db, "setup", null, at);
}

/** The secret of a link that is good once, until its time is over. The ones before it, for the same person, stop working. */
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

/** Links that nobody has used yet stop working. */
export async function dropLinks(db: Database, personId: string | null): Promise<void> {
  const unused = db.deleteFrom("links").where("used_at", "is", null);
  await (personId ? unused.where("person_id", "=", personId) : unused.where("purpose", "=", "setup")).execute();
}

/** Whose link it is, while it is still good. */
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

/** Uses a link up. Of two who do so at the same moment one finds nothing. */
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
