import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { countSections, nameOf, type SectionTally, sum, type Tally, total } from "../record/count-sections.ts";
import { all } from "../record/row-conditions.ts";
import type { Kind } from "../schema.ts";
import { type BoardRow, boardRows } from "./cells.ts";
import { chipsOf } from "./chips.ts";
import { narrowed, standings } from "./filter-sql.ts";
import { type After, address, type Filter, isFiltered } from "./filters.ts";
import { chosenRows, listRows } from "./queries.ts";
import type { Tallies } from "./site-summary.ts";

export type Board = Awaited<ReturnType<typeof boardOf>>;

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

export interface Wish {
  filter: Filter;
  after?: After | undefined;
  /** Artifacts that are ticked already. */
  chosen: string[];
}

const pageSize = 100;

/** A page of the board: what to show, and the counts of what else there is. */
export async function boardOf(db: Database, site: Site, tallies: Tallies, { filter, after, chosen }: Wish) {
  const { counts, sections, shown } = await countsFor(db, site, tallies, filter);
  const found = await listRows(db, site, filter, { after, limit: pageSize + 1, sections });
  const rows = await boardRows(db, site, tallies, found.slice(0, pageSize));
  const here = new Set(rows.map((row) => row.id));
  return {
    filter,
    filtered: isFiltered(filter),
    shown,
    all: tallies.rows,
    continued: after !== undefined,
    chips: chipsOf(site, filter, counts, shown),
    start: address(site, filter),
    next: found.length > pageSize ? address(site, filter, rows.at(-1)) : undefined,
    sections: sectionsOf(rows, tallies.sections, sections, after),
    chosen: new Set(chosen),
    kept: await chosenRows(
      db,
      site,
      chosen.filter((id) => !here.has(id)),
    ),
    choices: { sections: sectionNames(tallies), owners: tallies.owners },
    differing: site.environments.slice(1).map((_, i) => tallies.differing[i] ?? 0),
  };
}

function sectionNames(tallies: Tallies): string[] {
  return tallies.sections.filter((one) => one.kind === "page").map((one) => one.section);
}

/**
 * The kept tallies know what each way of standing shows in each section, so only what they cannot is counted anew: a
 * text, an owner, two environments that are no neighbours, or several ways at once.
 */
async function countsFor(db: Database, site: Site, tallies: Tallies, filter: Filter) {
  const known = filter.text || filter.owner ? undefined : knownCount(site, filter);
  const sections = known
    ? tallies.sections.filter((one) => isAmong(one, filter)).map((one) => ({ ...one, shown: known(one) }))
    : await countFiltered(db, site, filter);
  return { counts: sum(site, sections), sections, shown: total(sections, (one) => one.shown) };
}

function countFiltered(db: Database, site: Site, filter: Filter): Promise<SectionTally[]> {
  const { kind, section } = filter;
  const shown = all(standings(site, filter));
  return countSections(db, site, { kind, section, conditions: narrowed(site, filter), shown });
}

function isAmong(tally: SectionTally, { kind, section }: Filter): boolean {
  if (kind && tally.kind !== kind) return false;
  return section === undefined || (tally.kind === "page" && tally.section === section);
}

/** What a tally says of rows that stand so, where it says it. */
function knownCount(
  site: Site,
  { differs, waiting, out_of_band, unknown }: Filter,
): ((tally: Tally) => number) | undefined {
  if ([differs, waiting, out_of_band, unknown].filter(Boolean).length > 1) return;
  if (waiting) return (tally) => tally.waiting;
  if (out_of_band) return (tally) => tally.out_of_band;
  if (unknown) return (tally) => tally.unknown;
  if (!differs) return (tally) => tally.rows;
  const at = site.environments.indexOf(differs[0]);
  return site.environments[at + 1] === differs[1] ? (tally) => tally.differing[at] ?? 0 : undefined;
}

function sectionsOf(rows: BoardRow[], totals: SectionTally[], counted: SectionTally[], after: After | undefined) {
  const total = new Map(totals.map((one) => [nameOf(one), one]));
  const shown = new Map(counted.map((one) => [nameOf(one), one.shown]));
  return [...Map.groupBy(rows, nameOf)].map(([name, inside]) => {
    const { kind, section } = inside[0] as BoardRow;
    const continued = after !== undefined && nameOf(after) === name;
    const { rows: all = inside.length, moving = 0 } = total.get(name) ?? {};
    return { kind, section, continued, total: { rows: all, moving }, shown: shown.get(name) ?? 0, rows: inside };
  });
}
