import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Flag, Kind } from "../schema.ts";
import { type ArtifactPosition, artifactBatches } from "./artifact-batches.ts";
import { containsText } from "./artifact-filter.ts";

export interface CurrentPlacement {
  artifact_id: string;
  kind: Kind;
  key: string;
  title: string | null;
  section: string;
  version_id: string | null;
  version: string | null;
  digest: string | null;
  requires: string | null;
  out_of_band: Flag;
}

/** What an environment holds now of these artifacts, by artifact id; removals too. */
export async function currentPlacements(
  db: Database,
  environmentId: string,
  artifactIds: string[],
): Promise<Map<string, CurrentPlacement>> {
  const rows = await inBatches(artifactIds, (piece) =>
    current(db, environmentId).where("c.artifact_id", "in", piece).execute(),
  );
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/**
 * What the one environment holds otherwise than the other, now: its versions, and its removals of what the other
 * still has. What it never had is not among them: nothing of it could travel.
 */
export function currentDifferences(
  db: Database,
  siteId: string,
  fromId: string,
  toId: string,
): Promise<CurrentPlacement[]> {
  return current(db, fromId)
    .leftJoin("current_placements as t", (join) =>
      join.onRef("t.artifact_id", "=", "c.artifact_id").on("t.environment_id", "=", toId),
    )
    .where("a.site_id", "=", siteId)
    .where(sql<boolean>`c.version_id is distinct from t.version_id`)
    .execute();
}

function current(db: Database, environmentId: string) {
  return db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.id as artifact_id", "a.kind", "a.key", "a.title", "a.section", "c.version_id", "c.out_of_band"])
    .select(["v.label as version", "v.digest", "v.requires"])
    .where("c.environment_id", "=", environmentId);
}

/** What stands there now, by name only, in the order of pages; found piece by piece, as `standing` finds it. */
export async function listCurrentNames(
  db: Database,
  siteId: string,
  environmentId: string,
  {
    kind,
    text,
    after,
    limit,
  }: { kind?: Kind | undefined; text?: string | undefined; after?: ArtifactPosition | undefined; limit: number },
): Promise<(ArtifactPosition & { id: string })[]> {
  const found: (ArtifactPosition & { id: string })[] = [];
  for await (const piece of artifactBatches(db, siteId, { kind, after, limit })) {
    const query = db
      .selectFrom("artifacts as a")
      .innerJoin("current_placements as c", (join) =>
        join.onRef("c.artifact_id", "=", "a.id").on("c.environment_id", "=", environmentId),
      )
      .select(["a.id", "a.kind", "a.section", "a.key"])
      .where(piece)
      .where("c.version_id", "is not", null)
      .orderBy("a.kind")
      .orderBy("a.section")
      .orderBy("a.key")
      .limit(limit - found.length);
    found.push(...(await (text ? query.where(containsText(text)) : query).execute()));
    if (found.length >= limit) break;
  }
  return found;
}

/** What stands of these in each environment now; removals too. */
export function currentByEnvironment(db: Database, ids: string[]) {
  return inBatches(ids, (piece) =>
    db
      .selectFrom("current_placements as c")
      .innerJoin("environments as e", "e.id", "c.environment_id")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["c.artifact_id", "e.slug as environment", "v.label as version", "c.effective_at", "c.out_of_band"])
      .where("c.artifact_id", "in", piece)
      .execute(),
  );
}
