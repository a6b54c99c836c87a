import { sql } from "kysely";
import type { Tallies } from "./board/tallies.ts";
import type { Database } from "./database/open.ts";
import type { Kind } from "./schema.ts";
import type { Site } from "./sites/queries.ts";

/** Of a page or software. */
interface Name {
  kind: Kind;
  key: string;
}

/** Of all lists together. Once there are more, all are read anew. */
const most = 5000;

interface Kept {
  /** What all rows depend on, as text. */
  around: string;
  /** The site's events that are known of. */
  upTo: number;
  rows: Map<string, unknown>;
}

/** What a list shows of those that are named, as they stand now. */
interface List<Row, Named> {
  /** One of the site's lists: each has rows of its own. */
  of: string;
  named: Named[];
  /** The rows of those that are not known. */
  read: (unknown: Named[]) => Promise<Row[]>;
}

export type Rows = ReturnType<typeof keepRows>;

/**
 * The rows of a site's long lists. They are kept, each as the same object, until an event tells of something in it:
 * between writes a list costs no more than finding out which rows it shows, and after one what was touched.
 */
export function keepRows() {
  const kept = new Map<string, Kept>();

  async function keptOf(db: Database, site: Site, tallies: Tallies, of: string): Promise<Kept> {
    const list = `${site.id} ${of}`;
    const around = JSON.stringify([site, tallies.places.map((place) => place.changed_at !== null)]);
    const before = kept.get(list);
    if (before?.around !== around) return renewed(list, around, tallies);
    const touched = before.upTo < tallies.events ? await touchedSince(db, site.id, before.upTo) : [];
    if (!touched) return renewed(list, around, tallies);
    for (const name of touched) before.rows.delete(name);
    before.upTo = Math.max(before.upTo, tallies.events);
    return before;
  }

  function renewed(list: string, around: string, { events }: Tallies): Kept {
    const fresh = { around, upTo: events, rows: new Map<string, unknown>() };
    kept.set(list, fresh);
    return fresh;
  }

  return async <Row extends Name, Named extends Name>(
    db: Database,
    site: Site,
    tallies: Tallies,
    { of, named, read }: List<Row, Named>,
  ): Promise<Row[]> => {
    const list = await keptOf(db, site, tallies, of);
    const known = named.map((one) => list.rows.get(nameOf(one)) as Row | undefined);
    const unknown = named.filter((_, i) => !known[i]);
    if (!unknown.length) return known as Row[];
    const fresh = new Map((await read(unknown)).map((row) => [nameOf(row), row]));
    if ([...kept.values()].reduce((sum, one) => sum + one.rows.size, fresh.size) > most) kept.clear();
    // where another event is known of by now, what was read may be from before it
    if (list.upTo === tallies.events) for (const [name, row] of fresh) list.rows.set(name, row);
    return named.flatMap((one, i) => known[i] ?? fresh.get(nameOf(one)) ?? []);
  };
}

const nameOf = ({ kind, key }: Name): string => `${kind} ${key}`;

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

type Lists = Record<string, (Partial<Name> & { key: string })[] | undefined>;

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
