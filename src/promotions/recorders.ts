import { sql } from "kysely";
import { inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";

/** Who recorded any of the contents of these releases anywhere on the site: ids of people, by the release's id. */
export async function recordersOf(db: Database, releaseIds: string[]): Promise<Map<string, string[]>> {
  if (!releaseIds.length) return new Map();
  const { rows } = await sql<{ release_id: string; person_id: string }>`
    select distinct c.release_id, d.person_id from release_contents c
    join placements p on p.artifact_id = c.artifact_id
      and (p.version_id = c.version_id or (p.version_id is null and c.version_id is null))
    join deployments d on d.id = p.deployment_id
    where ${inList("c.release_id", releaseIds)}`.execute(db);
  const byRelease = Map.groupBy(rows, (row) => row.release_id);
  return new Map([...byRelease].map(([id, own]) => [id, own.map((row) => row.person_id)]));
}
