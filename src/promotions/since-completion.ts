import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { isEffective } from "../record/as-of.ts";
import { currentPlacements } from "../record/current.ts";
import type { ReleaseContent } from "../record/releases.ts";
import type { Promotion } from "./queries.ts";

/** A line of a completed promotion that its target has in another version by now, or no more. */
export interface ChangedSince {
  key: string;
  /** The version that is there now; null if it was removed or never recorded. */
  version: string | null;
  /** When the next change after the completion took effect, ISO 8601 UTC; undefined if there is none. */
  at: string | undefined;
}

/** What the target has differently today from what a completed promotion brought, in the order of its contents. */
export async function changedSince(
  db: Database,
  { environment_id, completion }: Pick<Promotion, "environment_id" | "completion">,
  contents: Pick<ReleaseContent, "artifact_id" | "key" | "version_id">[],
): Promise<ChangedSince[]> {
  if (!completion) return [];
  const ids = contents.map((content) => content.artifact_id);
  const now = await currentPlacements(db, environment_id, ids);
  const differing = contents.filter(
    (content) => (now.get(content.artifact_id)?.version_id ?? null) !== content.version_id,
  );
  const next = await nextChanges(
    db,
    environment_id,
    completion.effective_at,
    differing.map((content) => content.artifact_id),
  );
  return differing.map(({ artifact_id, key }) => ({
    key,
    version: now.get(artifact_id)?.version ?? null,
    at: next.get(artifact_id),
  }));
}

/** When each of these artifacts next changed in the environment after a moment; one seek for each. */
async function nextChanges(db: Database, environmentId: string, after: string, artifactIds: string[]) {
  const rows = await inBatches(artifactIds, async (batch) => {
    const { rows } = await sql<{ id: string; at: string | null }>`
      select a.id, (
        select q.effective_at from placements q
        where q.environment_id = ${environmentId} and q.artifact_id = a.id and q.effective_at > ${after}
          and ${isEffective("q")}
        order by q.effective_at, q.seq limit 1) as at
      from artifacts a where ${inList("a.id", batch)}`.execute(db);
    return rows;
  });
  return new Map(rows.flatMap(({ id, at }) => (at ? [[id, at] as const] : [])));
}
