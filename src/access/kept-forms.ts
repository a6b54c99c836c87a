import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { seal, unseal } from "../database/sealed.ts";

/** How long a form, or the answer to one, is kept. */
const keptFormLifetimeMs = 2 * 60 * 60 * 1000;

const maxPerPerson = 20;

/**
 * Keeps something for a person, as JSON that only the browser with this secret can open, and only for that person. Also
 * deletes what has expired, and the person's oldest ones beyond twenty. Returns its id.
 */
export async function keepForm(
  db: Database,
  { personId, secret, at }: { personId: string; secret: string; at: string },
  content: object,
): Promise<string> {
  const id = newId(Date.parse(at));
  const expires_at = new Date(Date.parse(at) + keptFormLifetimeMs).toISOString();
  await db.deleteFrom("kept_forms").where("expires_at", "<=", at).execute();
  await dropOldest(db, personId);
  const sealed = seal(JSON.stringify(content), secret, personId);
  await db.insertInto("kept_forms").values({ id, person_id: personId, sealed, expires_at }).execute();
  return id;
}

async function dropOldest(db: Database, personId: string): Promise<void> {
  const newest = await db
    .selectFrom("kept_forms")
    .select("id")
    .where("person_id", "=", personId)
    .orderBy("id", "desc")
    .limit(1)
    .offset(maxPerPerson - 2)
    .executeTakeFirst();
  if (newest) await db.deleteFrom("kept_forms").where("person_id", "=", personId).where("id", "<", newest.id).execute();
}

/** What was kept, for whom and until when; undefined if it was dropped, has expired, or is another browser's. */
export async function findKeptForm<Content>(
  db: Database,
  { id, secret, at }: { id: string; secret: string; at: string },
): Promise<{ person: { id: string; name: string }; until: string; content: Content } | undefined> {
  const row = await db
    .selectFrom("kept_forms as k")
    .innerJoin("people as p", "p.id", "k.person_id")
    .select(["k.sealed", "k.expires_at", "p.id", "p.name"])
    .where("k.id", "=", id)
    .where("k.expires_at", ">", at)
    .executeTakeFirst();
  const text = row && unseal(row.sealed, secret, row.id);
  if (!text) return;
  return { person: { id: row.id, name: row.name }, until: row.expires_at, content: JSON.parse(text) as Content };
}

export async function dropKeptForm(db: Database, id: string): Promise<void> {
  await db.deleteFrom("kept_forms").where("id", "=", id).execute();
}
