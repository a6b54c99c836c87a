import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { type FindingCode, findingKinds, recordCodes } from "../record/finding-kinds.ts";
import type { Tier } from "../schema.ts";

/** What visits found in an environment that matters to the record, and nobody has accepted. */
export interface OpenFindings {
  environment: { slug: string; name: string; tier: Tier };
  count: number;
  /** How many there are of each kind, by its word; the most frequent first. */
  kinds: { word: string; count: number }[];
  /** When the oldest was found. */
  since: string;
}

/** Those of a site, one for each environment that has any, in the order of environments. */
export async function openFindingsOf(
  db: Database,
  { id, environments }: Pick<Site, "id" | "environments">,
): Promise<OpenFindings[]> {
  const rows = await db
    .selectFrom("findings")
    .select(["environment_id", "code"])
    .select((eb) => [eb.fn.countAll<number>().as("count"), eb.fn.min("opened_at").as("since")])
    .where("site_id", "=", id)
    .where("settled_at", "is", null)
    .where("accepted_at", "is", null)
    .where("code", "in", recordCodes)
    .groupBy(["environment_id", "code"])
    .orderBy("code")
    .execute();
  const byEnvironment = Map.groupBy(rows, ({ environment_id }) => environment_id);
  return environments.flatMap((environment) => {
    const found = byEnvironment.get(environment.id) ?? [];
    const [since] = found.map((row) => row.since).sort();
    if (since === undefined) return [];
    const kinds = found
      .map(({ code, count }) => ({ word: findingKinds[code as FindingCode].word, count: Number(count) }))
      .sort((a, b) => b.count - a.count);
    return [{ environment, count: kinds.reduce((sum, { count }) => sum + count, 0), kinds, since }];
  });
}
