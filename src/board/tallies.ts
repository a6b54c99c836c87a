import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/open.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import type { Kind } from "../schema.ts";
import type { Site } from "../sites/queries.ts";
import {
  all,
  differ,
  hasUnknown,
  isMoving,
  isOutOfBand,
  isWaiting,
  narrowed,
  rowsWithPlaces,
  standings,
} from "./conditions.ts";
import type { Filter } from "./filters.ts";

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

/** How many rows there are, and how many of them each filter would show. */
export interface Tally {
  rows: number;
  /** Rows that differ between any two neighbouring environments. */
  moving: number;
  waiting: number;
  out_of_band: number;
  unknown: number;
  /** Rows that stand otherwise in the i-th environment than in the next one. */
  differing: number[];
}

export interface SectionTally extends Tally {
  kind: Kind;
  section: string;
  /** Rows that are as the whole filter says. */
  shown: number;
  /** Rows that stand in the i-th environment, and those that are out of band there. */
  standing: number[];
  straying: number[];
}

export interface Tallies extends Tally {
  places: PlaceTally[];
  sections: SectionTally[];
  owners: { id: string; name: string }[];
  open: Promotion[];
}

/**
 * Counts over the whole site, for the rail and the filters of every page. They are kept until the site's next event,
 * so that they cost one row between writes and one pass over the current placements after one.
 */
export function keepTallies(): (db: Database, site: Site) => Promise<Tallies> {
  const kept = new Map<string, { state: string; tallies: Tallies }>();
  return async (db, site) => {
    const { events } = await db
      .selectFrom("sites")
      .select("events")
      .where("id", "=", site.id)
      .executeTakeFirstOrThrow();
    // the environments too: an event may come between loading them and this
    const state = [events, ...site.environments.map((one) => one.id)].join(" ");
    const before = kept.get(site.id);
    if (before?.state === state) return before.tallies;
    const tallies = await count(db, site);
    kept.set(site.id, { state, tallies });
    return tallies;
  };
}

async function count(db: Database, site: Site): Promise<Tallies> {
  const sections = await countSections(db, site);
  const changes = await lastChanges(db, site);
  const whole = sum(site, sections);
  const of = (i: number, kind: Kind) => total(sections, (one) => (one.kind === kind ? one.standing[i] : 0));
  return {
    ...whole,
    places: site.environments.map(({ id }, i) => ({
      environment_id: id,
      pages: of(i, "page"),
      software: of(i, "software"),
      out_of_band: total(sections, (one) => one.straying[i]),
      changed_at: changes.get(id) ?? null,
      differing: whole.differing[i] ?? 0,
    })),
    sections,
    owners: await ownersOf(db, site),
    open: await listPromotions(db, site.id, { open: true, limit: 1000 }),
  };
}

export function sum(site: Site, tallies: Tally[]): Tally {
  return {
    rows: total(tallies, (one) => one.rows),
    moving: total(tallies, (one) => one.moving),
    waiting: total(tallies, (one) => one.waiting),
    out_of_band: total(tallies, (one) => one.out_of_band),
    unknown: total(tallies, (one) => one.unknown),
    differing: site.environments.slice(1).map((_, i) => total(tallies, (one) => one.differing[i])),
  };
}

export function total<T>(list: T[], pick: (one: T) => number | undefined): number {
  return list.reduce((sum, one) => sum + (pick(one) ?? 0), 0);
}

/**
 * By section, in the order of the board: one pass over the artifacts that the filter looks among, with one seek in
 * each environment for each. `shown` counts those that stand as the filter says, too.
 */
export async function countSections(db: Database, site: Site, filter: Filter = {}): Promise<SectionTally[]> {
  const tally = (condition: RawBuilder<boolean>) => sql`sum(case when ${condition} then 1 else 0 end)`;
  const columns = [
    sql`${tally(isMoving(site))} as moving`,
    sql`${tally(isWaiting(site))} as waiting`,
    sql`${tally(isOutOfBand(site))} as out_of_band`,
    sql`${tally(hasUnknown(site))} as unknown`,
    sql`${tally(all(standings(site, filter)))} as shown`,
    ...site.environments.slice(1).map((_, i) => sql`${tally(differ(i, i + 1))} as ${sql.ref(`differing_${i}`)}`),
    ...site.environments.flatMap((_, i) => [
      sql`count(${sql.ref(`c${i}.version_id`)}) as ${sql.ref(`standing_${i}`)}`,
      sql`sum(coalesce(${sql.ref(`c${i}.out_of_band`)}, 0)) as ${sql.ref(`straying_${i}`)}`,
    ]),
  ];
  type Row = Omit<SectionTally, "differing" | "standing" | "straying"> & Record<`${string}_${number}`, number>;
  const { rows } = await sql<Row>`
    select a.kind, a.section, count(*) as rows, ${sql.join(columns)}
    from ${rowsWithPlaces(site)} where ${all(narrowed(site, filter))}
    group by a.kind, a.section order by a.kind, a.section`.execute(db);
  return rows.map((row) => ({
    ...row,
    differing: site.environments.slice(1).map((_, i) => row[`differing_${i}`] ?? 0),
    standing: site.environments.map((_, i) => row[`standing_${i}`] ?? 0),
    straying: site.environments.map((_, i) => row[`straying_${i}`] ?? 0),
  }));
}

/** The end of an index, for each environment. */
async function lastChanges(db: Database, site: Site): Promise<Map<string, string | null>> {
  const rows = await db
    .selectFrom("environments as e")
    .select((eb) => [
      "e.id",
      eb
        .selectFrom("placements as p")
        .select((max) => max.fn.max("p.effective_at").as("changed_at"))
        .whereRef("p.environment_id", "=", "e.id")
        .as("changed_at"),
    ])
    .where("e.site_id", "=", site.id)
    .execute();
  return new Map(rows.map((row) => [row.id, row.changed_at]));
}

function ownersOf(db: Database, site: Site): Promise<Tallies["owners"]> {
  return db
    .selectFrom("people")
    .select(["id", "name"])
    .where("id", "in", (eb) =>
      eb.selectFrom("artifacts").select("owner_id").where("site_id", "=", site.id).where("owner_id", "is not", null),
    )
    .orderBy("name")
    .execute();
}
