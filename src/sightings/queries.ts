import { type Selectable, sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Schema } from "../schema.ts";
import type { Sightings } from "./rules.ts";

export type Visit = Selectable<Schema["visits"]>;

/** Whether a page `p` is visited: it is recorded, a sitemap lists it, or links are followed to it. */
export const isListed = sql<boolean>`(p.in_record = 1 or p.in_sitemap = 1 or p.link_depth is not null)`;

/** How these servers showed pages when they were last visited, by path. Without `paths`, all pages that are visited. */
export async function sightingsOf(
  db: Database,
  servers: { id: string }[],
  paths?: string[],
): Promise<Map<string, Sightings>> {
  const byPath = new Map<string, Sightings>();
  for (const [i, { id }] of servers.entries())
    for (const { path, in_sitemap, ...row } of await sightingsOn(db, id, paths)) {
      const sightings: Sightings = byPath.get(path) ?? servers.map(() => undefined);
      sightings[i] = { ...row, in_sitemap: in_sitemap === 1 };
      byPath.set(path, sightings);
    }
  return byPath;
}

function sightingsOn(db: Database, serverId: string, paths: string[] | undefined) {
  const query = db
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .select(["p.path", "p.in_sitemap", "o.outcome", "o.status", "o.title", "o.text_digest", "o.seen_at"])
    .where("p.server_id", "=", serverId);
  if (paths) return inBatches(paths, (batch) => query.where("p.path", "in", batch).execute());
  return query.where(isListed).execute();
}

/** By which digests of what visitors read versions are known, by version id; `environmentId`: only what was seen there. */
export async function digestsOf(
  db: Database,
  versionIds: string[],
  environmentId?: string,
): Promise<Map<string, string[]>> {
  const rows = await inBatches(versionIds, (batch) => {
    const query = db.selectFrom("seen_versions").select(["version_id", "text_digest"]).where("version_id", "in", batch);
    return (environmentId ? query.where("environment_id", "=", environmentId) : query).execute();
  });
  const byVersion = Map.groupBy(rows, (row) => row.version_id);
  return new Map([...byVersion].map(([id, seen]) => [id, seen.map(({ text_digest }) => text_digest)]));
}

/** The newest visit to a server, or of those that meet further conditions. */
export const newestVisit = (db: Database, serverId: string) =>
  db.selectFrom("visits").selectAll().where("server_id", "=", serverId).orderBy("id", "desc").limit(1);

/** The newest visit to each of these servers, by server. */
export async function latestVisits(db: Database, servers: { id: string }[]): Promise<Map<string, Visit>> {
  const visits = await Promise.all(servers.map(({ id }) => newestVisit(db, id).executeTakeFirst()));
  return new Map(visits.flatMap((visit) => (visit ? [[visit.server_id, visit] as const] : [])));
}
