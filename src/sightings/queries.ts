import type { Selectable } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Schema } from "../schema.ts";
import type { Sightings } from "./rules.ts";

export type Visit = Selectable<Schema["visits"]>;

/** How these servers showed pages when they were last visited, by path. Without `paths`, all pages that are visited. */
export async function sightingsOf(
  db: Database,
  serverIds: string[],
  paths?: string[],
): Promise<Map<string, Sightings>> {
  const byPath = new Map<string, Sightings>();
  for (const [i, serverId] of serverIds.entries())
    for (const { path, in_sitemap, ...row } of await sightingsOn(db, serverId, paths)) {
      const sightings: Sightings = byPath.get(path) ?? serverIds.map(() => undefined);
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
  return query
    .where((eb) => eb.or([eb("p.in_record", "=", 1), eb("p.in_sitemap", "=", 1), eb("p.link_depth", "is not", null)]))
    .execute();
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

/** The newest visit of each of these servers, by server. */
export async function latestVisits(db: Database, serverIds: string[]) {
  const visits = await Promise.all(
    serverIds.map((id) =>
      db.selectFrom("visits").selectAll().where("server_id", "=", id).orderBy("id", "desc").limit(1).executeTakeFirst(),
    ),
  );
  return new Map(visits.flatMap((visit) => (visit ? [[visit.server_id, visit] as const] : [])));
}
