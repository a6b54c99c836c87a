import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import { addMs } from "../time/add.ts";

export const halfSignInLifetimeMs = 10 * 60_000;

/** Records that a person entered their password, and still has to enter a code. Returns the secret for their browser. */
export async function beginHalfSignIn(
  db: Database,
  { personId, how, at }: { personId: string; how: string | undefined; at: string },
): Promise<string> {
  const secret = newSecret();
  await db.deleteFrom("half_sign_ins").where("expires_at", "<=", at).execute();
  const expires_at = addMs(at, halfSignInLifetimeMs);
  await db
    .insertInto("half_sign_ins")
    .values({ hash: sha256(secret), person_id: personId, how: how ?? null, expires_at })
    .execute();
  return secret;
}

/** Whose sign-in it is; undefined if it has expired or is complete. */
export const findHalfSignIn = (db: Database, secret: string, at: string) =>
  db
    .selectFrom("half_sign_ins as h")
    .innerJoin("people as p", "p.id", "h.person_id")
    .select(["p.id", "p.name", "p.kind", "p.email", "h.how"])
    .where("h.hash", "=", sha256(secret))
    .where("h.expires_at", ">", at)
    .executeTakeFirst();

export async function dropHalfSignIn(db: Database, secret: string): Promise<void> {
  await db.deleteFrom("half_sign_ins").where("hash", "=", sha256(secret)).execute();
}
