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
