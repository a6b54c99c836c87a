import type { Environment } from "../access/environments.ts";
import type { Database } from "../database/connect.ts";
import { isListed, latestVisits } from "../sightings/queries.ts";
import { reconcile } from "./reconcile.ts";
import { disagreementsWith } from "./rules.ts";

/**
 * Opens and settles the findings that servers of one environment show different pages. Only what was seen in visits that
 * ended well is compared, and nothing while one is in progress: what it has not looked at yet may have changed.
 */
export async function reconcileDisagreements(
  trx: Database,
  site_id: string,
  { id: environment_id, servers }: Environment,
  now: string,
): Promise<void> {
  const visits = await latestVisits(trx, servers);
  if ([...visits.values()].some(({ ended_at }) => ended_at === null)) return;
  const compared = servers.filter(({ id }) => visits.get(id)?.problem === null);
  const [first] = compared;
  if (!first) return;
  const pages = await pagesOf(trx, compared);
  const ofFirst = pages.get(first.id) ?? [];
  for (const { id } of compared) {
    const own = pages.get(id) ?? [];
    const unobserved = new Set([...ofFirst, ...own].filter(isUnobserved).map(({ path }) => path));
    await reconcile(trx, disagreementsWith(first.name, ofFirst, own), {
      about: { site_id, environment_id, server_id: id },
      now,
      stays: ({ path, code }) => code !== "servers_disagree" || unobserved.has(path),
    });
  }
}

export const isUnobserved = ({ outcome }: { outcome: string }): boolean => outcome === "unobserved";

/** What these servers showed last of their listed pages, by server. A single one has no other to be compared with. */
async function pagesOf(trx: Database, servers: { id: string }[]) {
  if (servers.length < 2) return new Map<string, never[]>();
  const rows = await trx
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .select(["p.server_id", "p.path", "o.outcome", "o.text_digest"])
    .where(
      "p.server_id",
      "in",
      servers.map(({ id }) => id),
    )
    .where(isListed)
    .orderBy("p.path")
    .execute();
  return Map.groupBy(rows, ({ server_id }) => server_id);
}
