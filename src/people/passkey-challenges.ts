import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import { addMs } from "../time/add.ts";

export const challengeLifetimeMs = 5 * 60_000;

/** How many may be open for one address, so that nobody fills the database. */
const maxOpen = 100;

/**
 * What a browser is to sign with a passkey, for `personId` who adds one, or for a sign-in. Returns it and the secret that
 * only this browser keeps. Throws a Refusal with 429 if too many are open.
 */
export async function createChallenge(
  db: Database,
  { personId, address, at }: { personId?: string; address: string; at: string },
): Promise<{ challenge: string; secret: string }> {
  await db.deleteFrom("passkey_challenges").where("expires_at", "<=", at).execute();
  if (address && (await countOpen(db, address)) >= maxOpen)
    throw new Refusal(429, "Too many tries. Try again in 5 minutes, or sign in another way.", {
      retryAfter: challengeLifetimeMs / 1000,
    });
  const [secret, challenge] = [newSecret(), newSecret()];
  const expires_at = addMs(at, challengeLifetimeMs);
  await db
    .insertInto("passkey_challenges")
    .values({ hash: sha256(secret), challenge, person_id: personId ?? null, address, expires_at })
    .execute();
  return { challenge, secret };
}

async function countOpen(db: Database, address: string): Promise<number> {
  const { count } = await db
    .selectFrom("passkey_challenges")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("address", "=", address)
    .executeTakeFirstOrThrow();
  return count;
}

/** Uses up the challenge of a browser. Throws a Refusal with `status` if it was used, has expired, or is for something else. */
export async function takeChallenge(
  db: Database,
  secret: string,
  { personId, at, status }: { personId?: string; at: string; status: 401 | 422 },
): Promise<string> {
  const row = await db
    .deleteFrom("passkey_challenges")
    .where("hash", "=", sha256(secret))
    .returning(["challenge", "person_id", "expires_at"])
    .executeTakeFirst();
  if (!row || row.expires_at <= at || row.person_id !== (personId ?? null))
    throw new Refusal(status, "That took too long, or was sent twice. Try again.");
  return row.challenge;
}
