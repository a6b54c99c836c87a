import { newSecret, sha256 } from "../database/id.ts";
import type { Database } from "../database/open.ts";

const day = 24 * 60 * 60 * 1000;

/** While there is no account: a new secret for /setup, good once and for a day. The ones before it stop working. */
export async function setupLink(db: Database, at: string): Promise<string | undefined> {
  const somebody = await db.selectFrom("people").select("id").where("kind", "=", "person").limit(1).executeTakeFirst();
  if (somebody) return;
  const secret = newSecret();
  await db.deleteFrom("links").where("purpose", "=", "setup").execute();
  const expires_at = new Date(Date.parse(at) + day).toISOString();
  await db
    .insertInto("links")
    .values({ hash: sha256(secret), purpose: "setup", person_id: null, expires_at, used_at: null })
    .execute();
  return secret;
}
