import type { Database } from "../database/connect.ts";
import type { Schema } from "../schema.ts";

/** `observation`: Sitebook itself records what it sees on the servers. */
export type Reporter = Schema["observation_rules"]["reporter"];

const defaultRule = { reporter: "people" as Reporter, after_deployments: 1 as const };

/** Who reports what is on an environment, and whether deployments there cause visits. */
export async function observationRule(db: Database, environmentId: string) {
  const query = db.selectFrom("observation_rules").select(["reporter", "after_deployments"]);
  return (await query.where("environment_id", "=", environmentId).executeTakeFirst()) ?? defaultRule;
}

/** Changes some of an environment's rule. */
export async function saveObservationRule(
  trx: Database,
  environmentId: string,
  change: Partial<Omit<Schema["observation_rules"], "environment_id">>,
): Promise<void> {
  await trx
    .insertInto("observation_rules")
    .values({ environment_id: environmentId, ...defaultRule, ...change })
    .onConflict((conflict) => conflict.column("environment_id").doUpdateSet(change))
    .execute();
}
