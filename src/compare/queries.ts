import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import { artifactBatches } from "../record/artifact-batches.ts";
import { type Moment, type PlacementSlice, placementSeqAsOf } from "../record/as-of.ts";
import { firstChange } from "../record/changes.ts";
import type { Kind } from "../schema.ts";
import { type ComparedLine, type DifferenceKind, differenceKinds, earlierSide, kindOf } from "./rules.ts";

interface Side {
  environment: { id: string; position: number };
  moment: Moment;
}

export interface Sides {
  from: Side;
  to: Side;
}

/** The rule `kindOf` in SQL. */
function differenceConditions(sides: Sides): Record<DifferenceKind, RawBuilder<boolean>> {
  const earlier = earlierSide(sides);
  const unknown = {
    from: sql<boolean>`(f.seq is null and t.version_id is not null)`,
    to: sql<boolean>`(t.seq is null and f.version_id is not null)`,
  };
  const known = earlier ? sql<boolean>`not ${unknown[earlier]}` : sql<boolean>`1 = 1`;
  return {
    added: sql`(f.version_id is null and t.version_id is not null and ${known})`,
    changed: sql`f.version_id <> t.version_id`,
    removed: sql`(f.version_id is not null and t.version_id is null ${earlier ? sql`and t.seq is not null` : sql``})`,
    missing: earlier ? sql`(f.version_id is not null and t.seq is null and ${known})` : sql`1 = 0`,
    unknown: earlier ? unknown[earlier] : sql`1 = 0`,
  };
}

/** The sides for which nothing had been recorded at their moment, with when their record begins, if it does. */
export async function unknownSides(
  db: Database,
  sides: Sides,
): Promise<{ name: "from" | "to"; first: string | undefined }[]> {
  const unknown: { name: "from" | "to"; first: string | undefined }[] = [];
  for (const name of ["from", "to"] as const) {
    const { environment, moment } = sides[name];
    const first = await firstChange(db, environment.id, moment.knownAt);
    if (!first || first > moment.asOf) unknown.push({ name, first });
  }
  return unknown;
}

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
  slice: Pick<PlacementSlice, "kind" | "after" | "limit" | "order"> & { kinds?: DifferenceKind[] | undefined } = {},
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
  { order, kinds, limit }: Pick<PlacementSlice, "limit" | "order"> & { kinds?: DifferenceKind[] | undefined },
  batch: RawBuilder<boolean>,
): Promise<Difference[]> {
  let query = bothSides(db, sides)
    .where(batch)
    .leftJoin("versions as fv", "fv.id", "f.version_id")
    .leftJoin("versions as tv", "tv.id", "t.version_id")
    .select(["a.id as artifact_id", "a.kind", "a.key", "a.section"])
    .select(["fv.title as from_title", "tv.title as to_title"])
    .select(["fv.label as from", "f.effective_at as from_at", "tv.label as to", "t.effective_at as to_at"])
    .select(["f.seq as from_seq", "t.seq as to_seq"])
    .where(sql<boolean>`f.version_id is distinct from t.version_id`)
    .orderBy("a.kind");
  query = order === "key" ? query.orderBy("a.key") : query.orderBy("a.section").orderBy("a.sort_key").orderBy("a.key");
  const conditions = differenceConditions(sides);
  if (kinds)
    query = query.where(
      sql<boolean>`(${sql.join(
        kinds.map((kind) => conditions[kind]),
        sql` or `,
      )})`,
    );
  if (limit) query = query.limit(limit);
  const rows = await query.execute();
  return rows.map(({ from_at, to_at, from_seq, to_seq, ...row }) => {
    const line: ComparedLine = { ...row, from_recorded: from_seq !== null, to_recorded: to_seq !== null };
    return {
      ...row,
      title: row.to === null ? row.from_title : row.to_title,
      change: kindOf(line, sides),
      from_since: row.from === null ? null : from_at,
      to_since: row.to === null ? null : to_at,
    };
  });
}

export type DifferenceCounts = Record<DifferenceKind | "same", number>;

/** How many pages and software items differ in each way, or are the same. */
export async function countDifferences(
  db: Database,
  site: { id: string },
  sides: Sides,
): Promise<Record<Kind, DifferenceCounts>> {
  const none = () => ({ added: 0, changed: 0, removed: 0, missing: 0, unknown: 0, same: 0 });
  const counts = { page: none(), software: none() };
  const conditions = differenceConditions(sides);
  const count = (condition: RawBuilder<unknown>) => sql<number>`sum(case when ${condition} then 1 else 0 end)`;
  for await (const batch of artifactBatches(db, site.id, {})) {
    const rows = await bothSides(db, sides)
      .where(batch)
      .select([
        "a.kind",
        ...differenceKinds.map((kind) => count(conditions[kind]).as(kind)),
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
