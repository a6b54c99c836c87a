import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Flag, Kind } from "../schema.ts";
import { placementTitle } from "./as-of.ts";

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
  effective_at: string;
}

/** The current placements of these artifacts in an environment, by artifact id, with removals. */
export async function currentPlacements(
  db: Database,
  environmentId: string,
  artifactIds: string[],
): Promise<Map<string, CurrentPlacement>> {
  const rows = await inBatches(artifactIds, (batch) =>
    current(db, environmentId).where("c.artifact_id", "in", batch).execute(),
  );
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/** The titles that pages have on an environment by now, by artifact id, where they are others than those given. */
export async function titlesNow(
  db: Database,
  environmentId: string,
  titled: { artifact_id: string; title: string | null }[],
): Promise<Map<string, string>> {
  const ids = titled.map((row) => row.artifact_id);
  const rows = await inBatches(ids, (batch) =>
    db
      .selectFrom("current_placements as c")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["c.artifact_id", placementTitle("c").as("title")])
      .where("c.environment_id", "=", environmentId)
      .where("c.artifact_id", "in", batch)
      .execute(),
  );
  const titles = new Map(rows.map((row) => [row.artifact_id, row.title]));
  return new Map(
    titled.flatMap(({ artifact_id, title }) => {
      const now = titles.get(artifact_id);
      return now && now !== title ? [[artifact_id, now] as const] : [];
    }),
  );
}

/**
 * The current placements of one environment that differ from the other: its versions, and its removals of what the other
 * still has. Without what it never had, since there is nothing to promote.
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

/** What is in an environment now, in the order of its page. */
export function currentContents(db: Database, siteId: string, environmentId: string): Promise<CurrentPlacement[]> {
  return current(db, environmentId)
    .where("a.site_id", "=", siteId)
    .where("c.version_id", "is not", null)
    .orderBy("a.kind")
    .orderBy("a.section")
    .orderBy("a.sort_key")
    .orderBy("a.key")
    .execute();
}

function current(db: Database, environmentId: string) {
  return db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.id as artifact_id", "a.kind", "a.key", "a.section", "c.version_id", "c.out_of_band", "c.effective_at"])
    .select(placementTitle("c").as("title"))
    .select(["v.label as version", "v.digest", "v.requires"])
    .where("c.environment_id", "=", environmentId);
}

/** The current placements of these artifacts in each environment, with removals. */
export function currentByEnvironment(db: Database, ids: string[]) {
  return inBatches(ids, (batch) =>
    db
      .selectFrom("current_placements as c")
      .innerJoin("environments as e", "e.id", "c.environment_id")
      .innerJoin("placements as p", "p.seq", "c.placement_seq")
      .innerJoin("deployments as d", "d.id", "p.deployment_id")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select([
        "c.artifact_id",
        "e.slug as environment",
        "c.version_id",
        "v.label as version",
        "c.effective_at",
        "c.out_of_band",
        "p.promotion_id",
        "d.baseline",
      ])
      .where("e.retired_at", "is", null)
      .where("c.artifact_id", "in", batch)
      .execute(),
  );
}
