import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import { artifactBatches } from "../record/artifact-batches.ts";
import { type Moment, type PlacementSlice, placementSeqAsOf } from "../record/as-of.ts";
import type { Kind } from "../schema.ts";

export interface Sides {
  from: { environment: { id: string }; moment: Moment };
  to: { environment: { id: string }; moment: Moment };
}

export const differenceKinds = ["added", "changed", "removed"] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

const conditions: Record<DifferenceKind, RawBuilder<boolean>> = {
  added: sql`(f.version_id is null and t.version_id is not null)`,
  changed: sql`f.version_id <> t.version_id`,
  removed: sql`(f.version_id is not null and t.version_id is null)`,
};

export interface Difference {
  artifact_id: string;
  kind: Kind;
  key: string;
  /** That of the version in `to`, or of the removed one. */
  title: string | null;
  from_title: string | null;
  to_title: string | null;
  section: string;
  change: DifferenceKind;
  /** The version on each side, and since when it was there; null if it was not. */
  from: string | null;
  from_since: string | null;
  to: string | null;
  to_since: string | null;
}

/**
 * What differs between two environments, or in one of them between two moments. It takes two index seeks for each
 * artifact, however long the histories are, in batches of artifacts.
 */
export async function listDifferences(
  db: Database,
  site: { id: string },
  sides: Sides,
  slice: Pick<PlacementSlice, "kind" | "after" | "limit" | "order"> & { change?: DifferenceKind | undefined } = {},
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for await (const batch of artifactBatches(db, site.id, slice)) {
    const limit = slice.limit && slice.limit - differences.length;
    differences.push(...(await selectDifferences(db, sides, { ...slice, limit }, batch)));
    if (slice.limit && differences.length >= slice.limit) break;
  }
  return differences;
}

async function selectDifferences(
  db: Database,
  sides: Sides,
  { order, change, limit }: Pick<PlacementSlice, "limit" | "order"> & { change?: DifferenceKind | undefined },
  batch: RawBuilder<boolean>,
): Promise<Difference[]> {
  let query = bothSides(db, sides)
    .where(batch)
    .leftJoin("versions as fv", "fv.id", "f.version_id")
    .leftJoin("versions as tv", "tv.id", "t.version_id")
    .select(["a.id as artifact_id", "a.kind", "a.key", "a.section"])
    .select(["fv.title as from_title", "tv.title as to_title"])
    .select(["fv.label as from", "f.effective_at as from_at", "tv.label as to", "t.effective_at as to_at"])
    .where(sql<boolean>`f.version_id is distinct from t.version_id`)
    .orderBy("a.kind");
  query = order === "key" ? query.orderBy("a.key") : query.orderBy("a.section").orderBy("a.key");
  if (change) query = query.where(conditions[change]);
  if (limit) query = query.limit(limit);
  const rows = await query.execute();
  return rows.map(({ from_at, to_at, ...row }) => ({
    ...row,
    title: row.to === null ? row.from_title : row.to_title,
    change: row.from === null ? "added" : row.to === null ? "removed" : "changed",
    from_since: row.from === null ? null : from_at,
    to_since: row.to === null ? null : to_at,
  }));
}

export type DifferenceCounts = Record<DifferenceKind | "same", number>;

/** How many pages and software items were added, changed, removed, or are the same. */
export async function countDifferences(
  db: Database,
  site: { id: string },
  sides: Sides,
): Promise<Record<Kind, DifferenceCounts>> {
  const none = () => ({ added: 0, changed: 0, removed: 0, same: 0 });
  const counts = { page: none(), software: none() };
  const count = (condition: RawBuilder<unknown>) => sql<number>`sum(case when ${condition} then 1 else 0 end)`;
  for await (const batch of artifactBatches(db, site.id, {})) {
    const rows = await bothSides(db, sides)
      .where(batch)
      .select([
        "a.kind",
        count(conditions.added).as("added"),
        count(conditions.changed).as("changed"),
        count(conditions.removed).as("removed"),
        count(sql`f.version_id = t.version_id`).as("same"),
      ])
      .groupBy("a.kind")
      .execute();
    for (const { kind, ...row } of rows) for (const name of countNames) counts[kind][name] += row[name];
  }
  return counts;
}

const countNames = [...differenceKinds, "same"] as const;

function bothSides(db: Database, { from, to }: Sides) {
  return db
    .selectFrom("artifacts as a")
    .leftJoin("placements as f", (join) =>
      join.on(equalsBySeek(db, "f.seq", placementSeqAsOf(from.environment.id, "a.id", from.moment))),
    )
    .leftJoin("placements as t", (join) =>
      join.on(equalsBySeek(db, "t.seq", placementSeqAsOf(to.environment.id, "a.id", to.moment))),
    );
}
