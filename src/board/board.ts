import type { Database } from "../database/open.ts";
import type { Promotion } from "../promotions/queries.ts";
import type { Kind } from "../schema.ts";
import type { Site } from "../sites/queries.ts";
import { chipsOf } from "./chips.ts";
import { type After, address, type Filter, isFiltered } from "./filters.ts";
import { approvalsOf, type Cell, cellsOf, chosenRows, listRows, type Row, waitingOf } from "./queries.ts";
import { isLate, isUnknown, type Square, type Stand, standing } from "./rules.ts";
import { countSections, type SectionTally, sum, type Tallies, type Tally, total } from "./tallies.ts";

export type Board = Awaited<ReturnType<typeof boardOf>>;

/** One row in one environment, as it is shown. */
export interface BoardCell {
  /** Nothing recorded there; else what, or (null) that it was removed. */
  recorded: { version: string | null; effective_at: string; late: string | undefined } | undefined;
  unknown: boolean;
  stand: Stand | undefined;
  out_of_band: boolean;
  waiting: Waiting[];
  /** Roles that approved what brought it; only in the last environment, where nothing is to the right. */
  approved: string[];
}

export interface Waiting {
  promotion: number;
  to: string;
  /** Whose approval it waits for; nobody's where it is approved and only to be completed. */
  roles: string[];
  /** What it would bring, where that is not what stands here any more. */
  other: { version: string | null } | undefined;
}

export interface BoardSection {
  kind: Kind;
  section: string;
  /** The page before ended within it. */
  continued: boolean;
  /** All of it, whatever is shown. */
  total: { rows: number; moving: number };
  shown: number;
  rows: (Row & { chosen: boolean; cells: BoardCell[] })[];
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
  const found = await listRows(db, site, filter, after, pageSize + 1);
  const rows = found.slice(0, pageSize);
  const cells = await cellsIn(db, site, tallies, rows);
  const { counts, sections, shown } = await countsFor(db, site, tallies, filter);
  const picked = new Set(chosen);
  const here = new Set(rows.map((row) => row.id));
  const groups = sectionsOf(rows, tallies.sections, sections, after);
  return {
    filter,
    filtered: isFiltered(filter),
    shown,
    all: tallies.rows,
    continued: after !== undefined,
    chips: chipsOf(site, filter, counts, shown),
    start: address(site, filter),
    next: found.length > pageSize ? address(site, filter, rows.at(-1)) : undefined,
    sections: groups.map((group) => ({
      ...group,
      rows: group.rows.map((row) => ({ ...row, chosen: picked.has(row.id), cells: cells.get(row.id) ?? [] })),
    })),
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
    : await countSections(db, site, filter);
  return { counts: sum(site, sections), sections, shown: total(sections, (one) => one.shown) };
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

const nameOf = (one: { kind: Kind; section: string }) => `${one.kind} ${one.section}`;

function sectionsOf(rows: Row[], totals: SectionTally[], counted: SectionTally[], after: After | undefined) {
  const total = new Map(totals.map((one) => [nameOf(one), one]));
  const shown = new Map(counted.map((one) => [nameOf(one), one.shown]));
  return [...Map.groupBy(rows, nameOf)].map(([name, inside]) => {
    const { kind, section } = inside[0] as Row;
    const continued = after !== undefined && nameOf(after) === name;
    const { rows: all = inside.length, moving = 0 } = total.get(name) ?? {};
    return { kind, section, continued, total: { rows: all, moving }, shown: shown.get(name) ?? 0, rows: inside };
  });
}

/** The cells of these rows, environment by environment, by artifact id. Costs what is shown. */
async function cellsIn(db: Database, site: Site, tallies: Tallies, rows: Row[]): Promise<Map<string, BoardCell[]>> {
  const ids = rows.map((row) => row.id);
  const last = site.environments.at(-1)?.id;
  const recorded = await cellsOf(db, ids);
  const byPlace = new Map(recorded.map((cell) => [`${cell.artifact_id} ${cell.environment_id}`, cell]));
  const travelling = Map.groupBy(await waitingOf(db, site, ids), (one) => one.artifact_id);
  const brought = recorded.filter((cell) => cell.environment_id === last).map((cell) => cell.promotion_id);
  const approvals = await approvalsOf(
    db,
    brought.filter((id) => id !== null),
  );
  const open = new Map(tallies.open.map((promotion) => [promotion.id, promotion]));
  return new Map(
    ids.map((id) => {
      const squares = site.environments.map((environment, i) => ({
        told: tallies.places[i]?.changed_at !== null,
        recorded: byPlace.get(`${id} ${environment.id}`),
      }));
      const waiting = (travelling.get(id) ?? []).flatMap((one) => {
        const promotion = open.get(one.promotion_id);
        return promotion ? [{ promotion, version_id: one.version_id, version: one.version }] : [];
      });
      return [id, squares.map((_, i) => cellOf(site, squares, i, waiting, approvals))];
    }),
  );
}

type Travelling = { promotion: Promotion; version_id: string | null; version: string | null };

function cellOf(
  site: Site,
  squares: (Square & { recorded: Cell | undefined })[],
  i: number,
  travelling: Travelling[],
  approvals: Map<string, string[]>,
): BoardCell {
  const cell = squares[i]?.recorded;
  const from = travelling.filter((one) => one.promotion.from_id === site.environments[i]?.id);
  return {
    recorded: cell && {
      version: cell.version,
      effective_at: cell.effective_at,
      late: isLate(cell) ? cell.recorded_at : undefined,
    },
    unknown: isUnknown(squares, i),
    stand: standing(squares, i),
    out_of_band: cell?.out_of_band === 1,
    waiting: from.map((one) => waitingFor(one, cell)),
    approved: (i === squares.length - 1 && cell?.promotion_id && approvals.get(cell.promotion_id)) || [],
  };
}

function waitingFor({ promotion, version_id, version }: Travelling, cell: Cell | undefined): Waiting {
  return {
    promotion: promotion.number,
    to: promotion.environment.name,
    roles: promotion.requirements.filter((one) => one.given < one.needed).map((one) => one.name),
    other: cell?.version_id === version_id ? undefined : { version },
  };
}
