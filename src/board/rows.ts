import { sql } from "kysely";
import type { Database } from "../database/open.ts";
import type { Kind } from "../schema.ts";
import type { Site } from "../sites/queries.ts";
import { type BoardCell, cellsIn } from "./cells.ts";
import type { Row } from "./queries.ts";
import type { Tallies } from "./tallies.ts";

export type BoardRow = Row & { cells: BoardCell[] };

/** Of all sites together. Once there are more, all are read anew. */
const most = 4000;

interface Kept {
  /** What all rows depend on, as text. */
  around: string;
  /** The site's events that are known of. */
  upTo: number;
  rows: Map<string, BoardRow>;
}

/**
 * The rows of a board with their cells. They are kept, each as the same object, until an event tells of something in
 * it: between writes a board costs no more than finding out which rows it shows, and after one what was touched.
 */
export function keepRows() {
  const kept = new Map<string, Kept>();

  async function keptOf(db: Database, site: Site, tallies: Tallies): Promise<Kept> {
    const around = JSON.stringify([site, tallies.places.map((place) => place.changed_at !== null)]);
    const before = kept.get(site.id);
    if (before?.around !== around) return renewed(site, around, tallies);
    const touched = before.upTo < tallies.events ? await touchedSince(db, site.id, before.upTo) : [];
    if (!touched) return renewed(site, around, tallies);
    for (const name of touched) before.rows.delete(name);
    before.upTo = Math.max(before.upTo, tallies.events);
    return before;
  }

  function renewed(site: Site, around: string, { events }: Tallies): Kept {
    const fresh = { around, upTo: events, rows: new Map<string, BoardRow>() };
    kept.set(site.id, fresh);
    return fresh;
  }

  return async (db: Database, site: Site, tallies: Tallies, rows: Row[]): Promise<BoardRow[]> => {
    const known = (await keptOf(db, site, tallies)).rows;
    const missing = rows.filter((row) => !known.has(nameOf(row)));
    const cells = missing.length ? await cellsIn(db, site, tallies, missing) : undefined;
    if ([...kept.values()].reduce((sum, one) => sum + one.rows.size, missing.length) > most) kept.clear();
    for (const row of missing) known.set(nameOf(row), { ...row, cells: cells?.get(row.id) ?? [] });
    return rows.map((row) => known.get(nameOf(row)) as BoardRow);
  };
}

const nameOf = ({ kind, key }: { kind: Kind; key: string }): string => `${kind} ${key}`;

/** So many events are looked at, and of so many bytes; anything more may have touched everything. */
const few = { events: 50, bytes: 50_000 };

/** The rows that were touched by what came after an event; nothing where that may be all of them. */
async function touchedSince(db: Database, siteId: string, event: number): Promise<string[] | undefined> {
  const rows = await db
    .selectFrom("events")
    .select([
      "action",
      sql<string | null>`case when octet_length(details) <= ${few.bytes} then details end`.as("details"),
    ])
    .where("site_id", "=", siteId)
    .where("seq", ">", event)
    .orderBy("seq")
    .limit(few.events + 1)
    .execute();
  if (rows.length > few.events) return;
  const lists = rows.map(({ action, details }) =>
    details === null ? undefined : namedIn(action, JSON.parse(details)),
  );
  return lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

type Named = { kind?: Kind; key: string };
type Lists = Record<string, Named[] | undefined>;

/** A deployment says which rows it touched. What else there is changes how any of them stand, or who is asked. */
function namedIn(action: string, details: { promotion?: number; learned?: Lists } & Lists): string[] | undefined {
  if (action !== "deployment_recorded" || details.promotion !== undefined) return;
  const { placements = [], returned = [], repeated = [] } = details;
  const { titles = [], sections = [] } = details.learned ?? {};
  // only pages head sections
  return [placements, returned, repeated, titles, sections]
    .flat()
    .map(({ kind = "page", key }) => nameOf({ kind, key }));
}
