import type { Database } from "../database/connect.ts";

/** How many people signed in with each provider, by its id. */
export async function peopleByProvider(db: Database): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom("identities")
    .select(["provider_id", (eb) => eb.fn.countAll<number>().as("people")])
    .groupBy("provider_id")
    .execute();
  return new Map(rows.map(({ provider_id, people }) => [provider_id, people]));
}

/** Whether a person has a way to sign in besides this provider: a password, a passkey or another provider. */
export async function signsInWithout(db: Database, personId: string, providerId: string): Promise<boolean> {
  const row = await db
    .selectFrom("people as p")
    .leftJoin("passkeys as k", "k.person_id", "p.id")
    .leftJoin("identities as i", (join) => join.onRef("i.person_id", "=", "p.id").on("i.provider_id", "!=", providerId))
    .select("p.id")
    .where("p.id", "=", personId)
    .where((eb) =>
      eb.or([eb("p.password", "is not", null), eb("k.id", "is not", null), eb("i.subject", "is not", null)]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
