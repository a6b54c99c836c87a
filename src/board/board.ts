import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import {
  countSections,
  type RowCounts,
  type SectionCounts,
  sectionName,
  sumOf,
  totalCounts,
} from "../record/count-sections.ts";
import { allOf } from "../record/row-conditions.ts";
import type { Kind } from "../schema.ts";
import { type BoardRow, boardRows } from "./cells.ts";
import { filterChips } from "./chips.ts";
import { matchesScope, matchesState } from "./filter-sql.ts";
import { type BoardFilter, type BoardPosition, boardAddress, isFiltered } from "./filters.ts";
import { listRows, selectedRows } from "./queries.ts";
import type { SiteSummary } from "./site-summary.ts";

export type Board = Awaited<ReturnType<typeof loadBoard>>;

export interface BoardSection {
  kind: Kind;
  section: string;
  /** The page before ended within it. */
  continued: boolean;
  /** All of it, whatever is shown. */
  total: { rows: number; moving: number };
  shown: number;
  rows: BoardRow[];
}

export interface BoardRequest {
  filter: BoardFilter;
  after?: BoardPosition | undefined;
  /** Artifacts that are ticked already. */
  chosen: string[];
}

const pageSize = 100;

/** A page of the board: what to show, and the counts of what else there is. */
export async function loadBoard(
  db: Database,
  site: Site,
  tallies: SiteSummary,
  { filter, after, chosen }: BoardRequest,
) {
  const { counts, sections, shown } = await countRows(db, site, tallies, filter);
  const found = await listRows(db, site, filter, { after, limit: pageSize + 1, sections });
  const rows = await boardRows(db, site, tallies, found.slice(0, pageSize));
  const here = new Set(rows.map((row) => row.id));
  return {
    filter,
    filtered: isFiltered(filter),
    shown,
    all: tallies.rows,
    continued: after !== undefined,
    chips: filterChips(site, filter, counts, shown),
    start: boardAddress(site, filter),
    next: found.length > pageSize ? boardAddress(site, filter, rows.at(-1)) : undefined,
    sections: sectionsOf(rows, tallies.sections, sections, after),
    chosen: new Set(chosen),
    kept: await selectedRows(
      db,
      site,
      chosen.filter((id) => !here.has(id)),
    ),
    choices: { sections: sectionNames(tallies), owners: tallies.owners },
    differing: site.environments.slice(1).map((_, i) => tallies.differing[i] ?? 0),
  };
}

function sectionNames(tallies: SiteSummary): string[] {
  return tallies.sections.filter((one) => one.kind === "page").map((one) => one.section);
}

/**
 * The kept tallies know what each way of standing shows in each section, so only what they cannot is counted anew: a
 * text, an owner, two environments that are no neighbours, or several ways at once.
 */
async function countRows(db: Database, site: Site, tallies: SiteSummary, filter: BoardFilter) {
  const known = filter.text || filter.owner ? undefined : cachedCount(site, filter);
  const sections = known
    ? tallies.sections.filter((one) => isAmong(one, filter)).map((one) => ({ ...one, shown: known(one) }))
    : await countFiltered(db, site, filter);
  return { counts: totalCounts(site, sections), sections, shown: sumOf(sections, (one) => one.shown) };
}

function countFiltered(db: Database, site: Site, filter: BoardFilter): Promise<SectionCounts[]> {
  const { kind, section } = filter;
  const shown = allOf(matchesState(site, filter));
  return countSections(db, site, { kind, section, conditions: matchesScope(site, filter), shown });
}

function isAmong(tally: SectionCounts, { kind, section }: BoardFilter): boolean {
  if (kind && tally.kind !== kind) return false;
  return section === undefined || (tally.kind === "page" && tally.section === section);
}

/** What a tally says of rows that stand so, where it says it. */
function cachedCount(
  site: Site,
  { differs, waiting, out_of_band, unknown }: BoardFilter,
): ((tally: RowCounts) => number) | undefined {
  if ([differs, waiting, out_of_band, unknown].filter(Boolean).length > 1) return;
  if (waiting) return (tally) => tally.waiting;
  if (out_of_band) return (tally) => tally.out_of_band;
  if (unknown) return (tally) => tally.unknown;
  if (!differs) return (tally) => tally.rows;
  const at = site.environments.indexOf(differs[0]);
  return site.environments[at + 1] === differs[1] ? (tally) => tally.differing[at] ?? 0 : undefined;
}

function sectionsOf(
  rows: BoardRow[],
  totals: SectionCounts[],
  counted: SectionCounts[],
  after: BoardPosition | undefined,
) {
  const total = new Map(totals.map((one) => [sectionName(one), one]));
  const shown = new Map(counted.map((one) => [sectionName(one), one.shown]));
  return [...Map.groupBy(rows, sectionName)].map(([name, inside]) => {
    const { kind, section } = inside[0] as BoardRow;
    const continued = after !== undefined && sectionName(after) === name;
    const { rows: all = inside.length, moving = 0 } = total.get(name) ?? {};
    return { kind, section, continued, total: { rows: all, moving }, shown: shown.get(name) ?? 0, rows: inside };
  });
}
