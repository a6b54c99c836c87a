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

/** The number of rows, and how many of them each filter would show. */
export interface RowCounts {
  rows: number;
  /** Rows that differ between any two neighbouring environments. */
  moving: number;
  waiting: number;
  out_of_band: number;
  unknown: number;
  /** Rows that differ between the i-th environment and the next one. */
  differing: number[];
}

export interface SectionCounts extends RowCounts {
  kind: Kind;
  section: string;
  /** Rows that match the whole filter. */
  shown: number;
  /** Rows that are in the i-th environment, and rows that are out of band in it. */
  presentIn: number[];
  outOfBandIn: number[];
}

export function sumOf<T>(list: T[], pick: (item: T) => number | undefined): number {
  return list.reduce((sum, item) => sum + (pick(item) ?? 0), 0);
}

export function totalCounts(site: SiteEnvironments, counts: RowCounts[]): RowCounts {
  return {
    rows: sumOf(counts, (section) => section.rows),
    moving: sumOf(counts, (section) => section.moving),
    waiting: sumOf(counts, (section) => section.waiting),
    out_of_band: sumOf(counts, (section) => section.out_of_band),
    unknown: sumOf(counts, (section) => section.unknown),
    differing: site.environments.slice(1).map((_, i) => sumOf(counts, (section) => section.differing[i])),
  };
}

export interface CountScope {
  kind?: Kind | undefined;
  section?: string | undefined;
  /** Counts only the artifacts (`a`) that match. */
  conditions?: RawBuilder<boolean>[];
  /** Those that match are counted as `shown`. */
  shown?: RawBuilder<boolean>;
}

/**
 * The counts of each section, in the order of the board. One pass over the site's artifacts in batches, with one seek
 * for each artifact and environment.
 */
export async function countSections(
  db: Database,
  site: SiteEnvironments,
  scope: CountScope = {},
): Promise<SectionCounts[]> {
  const { conditions = [], shown } = scope;
  const sections = new Map<string, SectionCounts>();
  for await (const batch of artifactBatches(db, site.id, scope))
    for (const counts of await countAmong(db, site, allOf([...conditions, batch]), shown)) {
      const name = sectionName(counts);
      const before = sections.get(name);
      sections.set(name, before ? addCounts(before, counts) : counts);
    }
  return [...sections.values()];
}

/** The same in one query, for the artifacts (`a`) of this site that match a condition. */
export async function countAmong(
  db: Database,
  site: SiteEnvironments,
  condition: RawBuilder<boolean>,
  shown: RawBuilder<boolean> = allOf([]),
): Promise<SectionCounts[]> {
  const countIf = (condition: RawBuilder<boolean>) => sql`sum(case when ${condition} then 1 else 0 end)`;
  const columns = [
    sql`${countIf(isMoving(site))} as moving`,
    sql`${countIf(isWaiting(site))} as waiting`,
    sql`${countIf(isOutOfBand(site))} as out_of_band`,
    sql`${countIf(hasUnknown(site))} as unknown`,
    sql`${countIf(shown)} as shown`,
    ...site.environments.slice(1).map((_, i) => sql`${countIf(differ(i, i + 1))} as ${sql.ref(`differing_${i}`)}`),
    ...site.environments.flatMap((_, i) => [
      sql`count(${sql.ref(`c${i}.version_id`)}) as ${sql.ref(`present_${i}`)}`,
      sql`sum(coalesce(${sql.ref(`c${i}.out_of_band`)}, 0)) as ${sql.ref(`outOfBand_${i}`)}`,
    ]),
  ];
  type Row = Omit<SectionCounts, "differing" | "presentIn" | "outOfBandIn"> & Record<`${string}_${number}`, number>;
  const { rows } = await sql<Row>`
    select a.kind, a.section, count(*) as rows, ${sql.join(columns)}
    from ${rowsWithPlaces(site)} where ${condition}
    group by a.kind, a.section order by a.kind, a.section`.execute(db);
  return rows.map(({ kind, section, rows, moving, waiting, out_of_band, unknown, shown, ...row }) => {
    const differing = site.environments.slice(1).map((_, i) => row[`differing_${i}`] ?? 0);
    const presentIn = site.environments.map((_, i) => row[`present_${i}`] ?? 0);
    const outOfBandIn = site.environments.map((_, i) => row[`outOfBand_${i}`] ?? 0);
    return { kind, section, rows, moving, waiting, out_of_band, unknown, shown, differing, presentIn, outOfBandIn };
  });
}

export const sectionName = ({ kind, section }: { kind: Kind; section: string }): string => `${kind} ${section}`;

/** The sum of two counts, or (`sign` -1) their difference. */
export function addCounts(to: SectionCounts, more: SectionCounts, sign: 1 | -1 = 1): SectionCounts {
  const list = (a: number[], b: number[]) => a.map((count, i) => count + sign * (b[i] ?? 0));
  return {
    kind: to.kind,
    section: to.section,
    rows: to.rows + sign * more.rows,
    moving: to.moving + sign * more.moving,
    waiting: to.waiting + sign * more.waiting,
    out_of_band: to.out_of_band + sign * more.out_of_band,
    unknown: to.unknown + sign * more.unknown,
    shown: to.shown + sign * more.shown,
    differing: list(to.differing, more.differing),
    presentIn: list(to.presentIn, more.presentIn),
    outOfBandIn: list(to.outOfBandIn, more.outOfBandIn),
  };
}
