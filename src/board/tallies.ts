import { sql } from "kysely";
import type { Database } from "../database/open.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import type { Kind } from "../schema.ts";
import type { Site } from "../sites/queries.ts";

export interface PlaceTally {
  environment_id: string;
  pages: number;
  software: number;
  out_of_band: number;
  /** Effective moment of the newest change; nothing where nothing was ever recorded. */
  changed_at: string | null;
  /** Rows that stand otherwise here than in the next environment. */
  differing: number;
}

export interface SectionTally {
  kind: Kind;
  section: string;
  rows: number;
  /** Rows that differ between any two neighbouring environments. */
  moving: number;
}

export interface Tallies {
  rows: number;
  places: PlaceTally[];
  sections: SectionTally[];
  /** Rows with something out of band in some environment. */
  out_of_band: number;
  /** Rows in a promotion that is still open. */
  waiting: number;
  open: Promotion[];
}

/**
 * Counts over the whole site, for the rail and the filters of every page. They are kept until the site's next event,
 * so that they cost one row between writes and one pass over the current placements after one.
 */
export function keepTallies(): (db: Database, site: Site) => Promise<Tallies> {
  const kept = new Map<string, { events: number; tallies: Tallies }>();
  return async (db, site) => {
    const { events } = await db
      .selectFrom("sites")
      .select("events")
      .where("id", "=", site.id)
      .executeTakeFirstOrThrow();
    const before = kept.get(site.id);
    if (before?.events === events) return before.tallies;
    const tallies = await count(db, site);
    kept.set(site.id, { events, tallies });
    return tallies;
  };
}

async function count(db: Database, site: Site): Promise<Tallies> {
  const places = await countPlaces(db, site);
  const sections = await countSections(db, site);
  const sum = (pick: (row: (typeof sections)[number]) => number) =>
    sections.reduce((total, row) => total + pick(row), 0);
  return {
    rows: sum((row) => row.rows),
    places: places.map((place, i) => ({ ...place, differing: sum((row) => row.differing[i] ?? 0) })),
    sections: sections.map(({ kind, section, rows, moving }) => ({ kind, section, rows, moving })),
    out_of_band: sum((row) => row.out_of_band),
    waiting: await countWaiting(db, site),
    open: await listPromotions(db, site.id, { open: true, limit: 1000 }),
  };
}

async function countPlaces(db: Database, site: Site): Promise<Omit<PlaceTally, "differing">[]> {
  const rows = await db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .innerJoin("environments as e", "e.id", "c.environment_id")
    .select((eb) => [
      "c.environment_id",
      "a.kind",
      eb.fn.count<number>("c.version_id").as("rows"),
      eb.fn.sum<number>("c.out_of_band").as("band"),
    ])
    .select((eb) => eb.fn.max("c.effective_at").as("changed_at"))
    .where("e.site_id", "=", site.id)
    .groupBy(["c.environment_id", "a.kind"])
    .execute();
  return site.environments.map(({ id }) => {
    const here = rows.filter((row) => row.environment_id === id);
    const of = (kind: Kind) => here.find((row) => row.kind === kind)?.rows ?? 0;
    const changed = here.map((row) => row.changed_at).sort();
    return {
      environment_id: id,
      pages: of("page"),
      software: of("software"),
      out_of_band: here.reduce((total, row) => total + row.band, 0),
      changed_at: changed.at(-1) ?? null,
    };
  });
}

/** One pass over the artifacts, with one seek in each environment for each. */
async function countSections(db: Database, site: Site) {
  const joins = site.environments.map(
    ({ id }, i) =>
      sql`left join current_placements ${at(i)} on ${at(i)}.artifact_id = a.id and ${at(i)}.environment_id = ${id}`,
  );
  const pairs = site.environments
    .slice(1)
    .map((_, i) => sql`${at(i)}.version_id is distinct from ${at(i + 1)}.version_id`);
  const tally = (condition: ReturnType<typeof sql>) => sql`sum(case when ${condition} then 1 else 0 end)`;
  const anyBand = site.environments.map((_, i) => sql`${at(i)}.out_of_band = 1`);
  const columns = [
    ...pairs.map((pair, i) => sql`${tally(pair)} as ${sql.ref(`differing_${i}`)}`),
    sql`${pairs.length ? tally(sql.join(pairs, sql` or `)) : sql`0`} as moving`,
    sql`${anyBand.length ? tally(sql.join(anyBand, sql` or `)) : sql`0`} as out_of_band`,
  ];
  const { rows } = await sql<Record<string, number> & { kind: Kind; section: string }>`
    select a.kind, a.section, count(*) as rows, ${sql.join(columns)}
    from artifacts a ${sql.join(joins, sql` `)}
    where a.site_id = ${site.id} group by a.kind, a.section order by a.kind, a.section`.execute(db);
  return rows.map((row) => ({
    kind: row.kind,
    section: row.section,
    rows: row.rows ?? 0,
    moving: row.moving ?? 0,
    out_of_band: row.out_of_band ?? 0,
    differing: pairs.map((_, i) => row[`differing_${i}`] ?? 0),
  }));
}

/** The alias under which the i-th environment's current placement is joined. */
function at(i: number) {
  return sql.ref(`c${i}`);
}

async function countWaiting(db: Database, site: Site): Promise<number> {
  const row = await db
    .selectFrom("open_promotions as o")
    .innerJoin("promotions as p", "p.id", "o.promotion_id")
    .innerJoin("release_contents as c", "c.release_id", "p.release_id")
    .select((eb) => eb.fn.count<number>("c.artifact_id").distinct().as("rows"))
    .where("o.site_id", "=", site.id)
    .executeTakeFirstOrThrow();
  return row.rows;
}
