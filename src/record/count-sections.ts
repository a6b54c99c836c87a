import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Kind } from "../schema.ts";
import { artifactBatches } from "./artifact-batches.ts";
import {
  allOf,
  differ,
  hasUnknown,
  isMoving,
  isOutOfBand,
  isWaiting,
  rowsWithPlaces,
  type SiteEnvironments,
} from "./row-conditions.ts";

/** How many rows there are, and how many of them each filter would show. */
export interface RowCounts {
  rows: number;
  /** Rows that differ between any two neighbouring environments. */
  moving: number;
  waiting: number;
  out_of_band: number;
  unknown: number;
  /** Rows that stand otherwise in the i-th environment than in the next one. */
  differing: number[];
}

export interface SectionCounts extends RowCounts {
  kind: Kind;
  section: string;
  /** Rows that are as the whole filter says. */
  shown: number;
  /** Rows that stand in the i-th environment, and those that are out of band there. */
  standing: number[];
  straying: number[];
}

export function sumOf<T>(list: T[], pick: (one: T) => number | undefined): number {
  return list.reduce((sum, one) => sum + (pick(one) ?? 0), 0);
}

export function totalCounts(site: SiteEnvironments, tallies: RowCounts[]): RowCounts {
  return {
    rows: sumOf(tallies, (one) => one.rows),
    moving: sumOf(tallies, (one) => one.moving),
    waiting: sumOf(tallies, (one) => one.waiting),
    out_of_band: sumOf(tallies, (one) => one.out_of_band),
    unknown: sumOf(tallies, (one) => one.unknown),
    differing: site.environments.slice(1).map((_, i) => sumOf(tallies, (one) => one.differing[i])),
  };
}

export interface CountScope {
  kind?: Kind | undefined;
  section?: string | undefined;
  /** Which artifacts (`a`) are counted at all. */
  conditions?: RawBuilder<boolean>[];
  /** Which of them count as `shown`. */
  shown?: RawBuilder<boolean>;
}

/**
 * By section, in the order of the board: one pass over the site's artifacts, with one seek in each environment for
 * each, in batches.
 */
export async function countSections(
  db: Database,
  site: SiteEnvironments,
  among: CountScope = {},
): Promise<SectionCounts[]> {
  const { conditions = [], shown } = among;
  const sections = new Map<string, SectionCounts>();
  for await (const piece of artifactBatches(db, site.id, among))
    for (const one of await countAmong(db, site, allOf([...conditions, piece]), shown)) {
      const name = sectionName(one);
      const before = sections.get(name);
      sections.set(name, before ? addCounts(before, one) : one);
    }
  return [...sections.values()];
}

/** The same of those artifacts (`a`) for which a condition holds, all of this site: in one query. */
export async function countAmong(
  db: Database,
  site: SiteEnvironments,
  condition: RawBuilder<boolean>,
  shown: RawBuilder<boolean> = allOf([]),
): Promise<SectionCounts[]> {
  const tally = (condition: RawBuilder<boolean>) => sql`sum(case when ${condition} then 1 else 0 end)`;
  const columns = [
    sql`${tally(isMoving(site))} as moving`,
    sql`${tally(isWaiting(site))} as waiting`,
    sql`${tally(isOutOfBand(site))} as out_of_band`,
    sql`${tally(hasUnknown(site))} as unknown`,
    sql`${tally(shown)} as shown`,
    ...site.environments.slice(1).map((_, i) => sql`${tally(differ(i, i + 1))} as ${sql.ref(`differing_${i}`)}`),
    ...site.environments.flatMap((_, i) => [
      sql`count(${sql.ref(`c${i}.version_id`)}) as ${sql.ref(`standing_${i}`)}`,
      sql`sum(coalesce(${sql.ref(`c${i}.out_of_band`)}, 0)) as ${sql.ref(`straying_${i}`)}`,
    ]),
  ];
  type Row = Omit<SectionCounts, "differing" | "standing" | "straying"> & Record<`${string}_${number}`, number>;
  const { rows } = await sql<Row>`
    select a.kind, a.section, count(*) as rows, ${sql.join(columns)}
    from ${rowsWithPlaces(site)} where ${condition}
    group by a.kind, a.section order by a.kind, a.section`.execute(db);
  return rows.map(({ kind, section, rows, moving, waiting, out_of_band, unknown, shown, ...row }) => {
    const differing = site.environments.slice(1).map((_, i) => row[`differing_${i}`] ?? 0);
    const standing = site.environments.map((_, i) => row[`standing_${i}`] ?? 0);
    const straying = site.environments.map((_, i) => row[`straying_${i}`] ?? 0);
    return { kind, section, rows, moving, waiting, out_of_band, unknown, shown, differing, standing, straying };
  });
}

export const sectionName = (one: { kind: Kind; section: string }): string => `${one.kind} ${one.section}`;

/** One more of these numbers, or (by -1) fewer. */
export function addCounts(to: SectionCounts, more: SectionCounts, times: 1 | -1 = 1): SectionCounts {
  const list = (a: number[], b: number[]) => a.map((one, i) => one + times * (b[i] ?? 0));
  return {
    kind: to.kind,
    section: to.section,
    rows: to.rows + times * more.rows,
    moving: to.moving + times * more.moving,
    waiting: to.waiting + times * more.waiting,
    out_of_band: to.out_of_band + times * more.out_of_band,
    unknown: to.unknown + times * more.unknown,
    shown: to.shown + times * more.shown,
    differing: list(to.differing, more.differing),
    standing: list(to.standing, more.standing),
    straying: list(to.straying, more.straying),
  };
}
