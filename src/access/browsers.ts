import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";

/** 400 days: browsers keep no cookie for longer. */
export const browserLifetimeMs = 400 * 24 * 60 * 60 * 1000;

/**
 * Remembers that this person signed in with this browser. Returns the secret that only the browser keeps: the one that it
 * sent if Sitebook knows it, so that several people can share a browser, or else a new one.
 */
export async function rememberBrowser(
  db: Database,
  personId: string,
  sent: string | undefined,
  at: string,
): Promise<string> {
  const secret = sent && (await isKnown(db, sent, at)) ? sent : newSecret();
  const expires_at = new Date(Date.parse(at) + browserLifetimeMs).toISOString();
  await db.deleteFrom("known_browsers").where("expires_at", "<=", at).execute();
  await db
    .insertInto("known_browsers")
    .values({ hash: sha256(secret), person_id: personId, expires_at })
    .onConflict((conflict) => conflict.columns(["hash", "person_id"]).doUpdateSet({ expires_at }))
    .execute();
  return secret;
}

async function isKnown(db: Database, secret: string, at: string): Promise<boolean> {
  const query = db.selectFrom("known_browsers").select("hash").where("hash", "=", sha256(secret));
  return Boolean(await query.where("expires_at", ">", at).limit(1).executeTakeFirst());
}

/** Whether this person signed in with this browser before. */
export async function isKnownBrowser(db: Database, secret: string, personId: string, at: string): Promise<boolean> {
  const query = db.selectFrom("known_browsers").select("hash").where("hash", "=", sha256(secret));
  return Boolean(await query.where("person_id", "=", personId).where("expires_at", ">", at).executeTakeFirst());
}

/** The hash of a browser's secret if the person with this e-mail address signed in with it before; otherwise empty. */
export async function knownBrowser(
  db: Database,
  { secret, email, at }: { secret: string | undefined; email: string; at: string },
): Promise<string> {
  if (!secret) return "";
  const known = await db
    .selectFrom("known_browsers as b")
    .innerJoin("people as p", "p.id", "b.person_id")
    .select("b.hash")
    .where("b.hash", "=", sha256(secret))
    .where("b.expires_at", ">", at)
    .where("p.email", "=", email)
    .executeTakeFirst();
  return known?.hash ?? "";
}
