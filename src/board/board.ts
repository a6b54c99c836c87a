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
import { type BoardFilter, type BoardPosition, boardAddress, isFiltered, pageSize } from "./filters.ts";
import { listRows, positionOf } from "./list-rows.ts";
import { selectedRows } from "./queries.ts";
import { filterWithin } from "./selection.ts";
import type { SiteSummary } from "./site-summary.ts";

export type Board = Awaited<ReturnType<typeof loadBoard>>;

export interface BoardSection {
  kind: Kind;
  section: string;
  /** Whether the page before ended within this section. */
  continued: boolean;
  /** Of the whole section, whatever the filter shows. */
  total: { rows: number; moving: number; unknown: number };
  shown: number;
  /** How many of its rows are selected. */
  selected: number;
  rows: BoardRow[];
  /** The address of the section alone, with the same filter. */
  href: string;
}

export interface BoardRequest {
  filter: BoardFilter;
  after?: BoardPosition | undefined;
  /** How many rows to show; by default a page of them, or of a long list only its sections. */
  rows?: number | undefined;
  /** Ids of artifacts that are ticked already. */
  selected: string[];
}

const noSection: Omit<BoardSection, "rows" | "shown"> = {
  kind: "page",
  section: "",
  continued: false,
  total: { rows: 0, moving: 0, unknown: 0 },
  selected: 0,
  href: "",
};

/** A list of more rows than this is shown as its sections, from which each can be opened. */
const maxUnfolded = 500;

/** A page of the board, with the counts of what else there is. */
export async function loadBoard(
  db: Database,
  site: Site,
  summary: SiteSummary,
  { filter, after, rows: requestedRows, selected }: BoardRequest,
) {
  const { counts, sections, shown } = await countRows(db, site, summary, filter);
  const limit = requestedRows ?? pageSize;
  const nonEmpty = sections.filter((section) => section.shown > 0);
  const isLong = shown > maxUnfolded && nonEmpty.length > 1 && !filter.order;
  const folded = isLong && !after && !requestedRows;
  const names = folded ? [] : await listRows(db, site, filter, { after, limit: limit + 1, sections });
  const rows = await boardRows(db, site, summary, names.slice(0, limit));
  const selection = new Set(selected);
  const shownIds = new Set(rows.map((row) => row.id));
  const selectedElsewhere = await selectedRows(
    db,
    site,
    selected.filter((id) => !shownIds.has(id)),
  );
  const selectedIn = countBySection([...rows.filter((row) => selection.has(row.id)), ...selectedElsewhere]);
  return {
    filter,
    filtered: isFiltered(filter),
    shown,
    all: summary.rows,
    continued: after !== undefined,
    chips: filterChips(site, filter, {
      counts,
      shown,
      recorded: site.environments.map((_, i) => summary.environments[i]?.changed_at != null),
    }),
    start: boardAddress(site, filter),
    next: names.length > limit ? boardAddress(site, filter, positionOf(filter, rows.at(-1) as BoardRow)) : undefined,
    /** The same without any filter. */
    everything: boardAddress(site, { order: filter.order }),
    /** Of a long list the addresses of its sections. */
    jumps: isLong
      ? nonEmpty.map(({ kind, section, shown }) => {
          const href = boardAddress(site, filterWithin(filter, { kind, section }));
          return { kind, section, shown, href };
        })
      : [],
    folded,
    /** The address of the same as one list. */
    list: boardAddress(site, filter, undefined, pageSize),
    // by latest change the rows of all sections are mixed
    sections: filter.order
      ? [{ ...noSection, rows, shown }].filter(() => rows.length)
      : sectionsOf(folded ? nonEmpty : rows, summary.sections, sections, after).map((section) => ({
          ...section,
          rows: folded ? [] : (section.rows as BoardRow[]),
          selected: selectedIn.get(sectionName(section)) ?? 0,
          href: boardAddress(site, filterWithin(filter, section)),
        })),
    selected: selection,
    /** Selected rows that are not on this page. */
    selectedElsewhere,
    choices: { sections: pageSections(summary), owners: summary.owners },
    differing: site.environments.slice(1).map((_, i) => summary.differing[i] ?? 0),
  };
}

/** The ids of all rows that the filter shows. */
export async function matchingIds(
  db: Database,
  site: Site,
  summary: SiteSummary,
  filter: BoardFilter,
): Promise<string[]> {
  const { sections, shown } = await countRows(db, site, summary, filter);
  const byName = { ...filter, order: undefined };
  const rows = await listRows(db, site, byName, { after: undefined, limit: shown, sections });
  return rows.map((row) => row.id);
}

const batchSize = 500;

/** All rows that the filter shows, with their cells, a batch at a time. */
export async function* boardBatches(
  db: Database,
  site: Site,
  summary: SiteSummary,
  filter: BoardFilter,
): AsyncGenerator<BoardRow[]> {
  const { sections } = await countRows(db, site, summary, filter);
  for (let after: BoardPosition | undefined; ; ) {
    const names = await listRows(db, site, filter, { after, limit: batchSize, sections });
    yield boardRows(db, site, summary, names);
    const last = names[batchSize - 1];
    if (!last) return;
    after = positionOf(filter, last);
  }
}

function countBySection(rows: { kind: Kind; section: string }[]): Map<string, number> {
  return new Map([...Map.groupBy(rows, sectionName)].map(([name, own]) => [name, own.length]));
}

function pageSections(summary: SiteSummary): string[] {
  return summary.sections.filter(({ kind }) => kind === "page").map(({ section }) => section);
}

/**
 * The summary has counts by section for each state, so only other filters are counted in the database: by a text, an
 * owner, two environments that are not neighbours, or several states at once.
 */
async function countRows(db: Database, site: Site, summary: SiteSummary, filter: BoardFilter) {
  const count = filter.text || filter.owner ? undefined : summaryCount(site, filter);
  const sections = count
    ? summary.sections.filter((section) => isInScope(section, filter)).map((one) => ({ ...one, shown: count(one) }))
    : await countFiltered(db, site, filter);
  return { counts: totalCounts(site, sections), sections, shown: sumOf(sections, (section) => section.shown) };
}

function countFiltered(db: Database, site: Site, filter: BoardFilter): Promise<SectionCounts[]> {
  const { kind, section } = filter;
  const shown = allOf(matchesState(site, filter));
  return countSections(db, site, { kind, section, conditions: matchesScope(site, filter), shown });
}

function isInScope(counts: SectionCounts, { kind, section }: BoardFilter): boolean {
  if (kind && counts.kind !== kind) return false;
  return section === undefined || (counts.kind === "page" && counts.section === section);
}

/** Reads the rows with the filter's state from the counts of a section; undefined if these do not include it. */
function summaryCount(
  site: Site,
  { differs, waiting, out_of_band, unknown }: BoardFilter,
): ((counts: RowCounts) => number) | undefined {
  if ([differs, waiting, out_of_band, unknown].filter(Boolean).length > 1) return;
  if (waiting) return (counts) => counts.waiting;
  if (out_of_band) return (counts) => counts.out_of_band;
  if (unknown) return (counts) => counts.unknown;
  if (!differs) return (counts) => counts.rows;
  const at = site.environments.indexOf(differs[0]);
  return site.environments[at + 1] === differs[1] ? (counts) => counts.differing[at] ?? 0 : undefined;
}

function sectionsOf(
  rows: { kind: Kind; section: string }[],
  totals: SectionCounts[],
  filtered: SectionCounts[],
  after: BoardPosition | undefined,
) {
  const totalOf = new Map(totals.map((counts) => [sectionName(counts), counts]));
  const shownOf = new Map(filtered.map((counts) => [sectionName(counts), counts.shown]));
  return [...Map.groupBy(rows, sectionName)].map(([name, own]) => {
    const { kind, section } = own[0] as (typeof own)[number];
    const continued = after !== undefined && !("at" in after) && sectionName(after) === name;
    const { rows: all = own.length, moving = 0, unknown = 0 } = totalOf.get(name) ?? {};
    return {
      kind,
      section,
      continued,
      total: { rows: all, moving, unknown },
      shown: shownOf.get(name) ?? 0,
      rows: own,
    };
  });
}
