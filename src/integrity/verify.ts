import { canonicalJson, type Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { snapshot } from "../database/snapshot.ts";
import { type ChainEntry, chainEntry, type EventRow, hashEntry, walkChain } from "../record/chain.ts";
import type { Action } from "../record/events.ts";
import { type FormerName, formerNames, nameAt } from "../record/former-names.ts";
import { type EventTableRow, recordTables, rowsOfEvent } from "./event-rows.ts";
import { type Break, findOrphan, type WalkTotals } from "./orphan-checks.ts";
import { type TableCheck, tableChecks } from "./record-tables.ts";

export type Verification = { events: number; head: string } | { break: Break };

export interface VerifyOptions {
  onProgress?: ((done: number, all: number) => void) | undefined;
  /** From a checkpoint that was kept elsewhere: the chain must contain it. */
  checkpoint?: { events: number; head: string } | undefined;
  /** Checks the chain of events alone, not the tables. */
  chainOnly?: boolean | undefined;
}

/** How far the walk has come and what it has counted. It stays this small however long the chain is. */
interface WalkState extends WalkTotals {
  hash: string;
  /** What people are and were called, by their ids. */
  names: Map<string, PersonNames>;
}

interface PersonNames {
  id: string;
  name: string;
  former: FormerName[];
}

/**
 * Walks a site's chain and compares each event with the rows that it records, then looks for rows without an event. All
 * is read from one snapshot of the database.
 */
export function verify(db: Database, siteId: string, options: VerifyOptions = {}): Promise<Verification> {
  return snapshot(db, async (at) => {
    const site = await at
      .selectFrom("sites")
      .select(["id", "events", "head"])
      .where("id", "=", siteId)
      .executeTakeFirstOrThrow();
    const counts = { digests: 0, requires: 0, titles: 0, derivedTitles: false, names: new Map() };
    const state: WalkState = { seq: 0, hash: "", lastPlacement: Number.MIN_SAFE_INTEGER, ...counts };
    for await (const row of walkChain(at, siteId)) {
      const what = whyNotNext(state, row, options) ?? (await whyNotAsRecorded(at, siteId, state, row, options));
      if (what) return { break: { seq: state.seq + 1, what } };
      state.seq = row.seq;
      state.hash = row.hash;
      options.onProgress?.(row.seq, site.events);
    }
    const what = whyNotEnd(state, site, options);
    if (what) return { break: { seq: state.seq + 1, what } };
    const wrong = options.chainOnly ? undefined : await findOrphan(at, siteId, state);
    return wrong ? { break: wrong } : { events: state.seq, head: state.hash };
  });
}

function whyNotNext(before: WalkState, row: EventRow, { checkpoint }: VerifyOptions): string | undefined {
  const seq = before.seq + 1;
  if (row.seq !== seq) return `Event ${seq} is missing: event ${row.seq} comes after event ${before.seq}.`;
  if (row.previous_hash !== before.hash)
    return `Event ${seq} does not follow from event ${before.seq}: its previous hash is different.`;
  const entry = readEntry(row);
  if (
    !entry ||
    canonicalJson(entry.details as Json) !== row.details ||
    hashEntry(before.hash, entry, row.details) !== row.hash
  )
    return `Event ${seq} is not what was recorded: its content does not give its hash.`;
  if (checkpoint?.events === seq && checkpoint.head !== row.hash)
    return `The history up to event ${seq} is not the one that the checkpoint was signed for: it was rewritten.`;
}

function readEntry(row: EventRow): ChainEntry | undefined {
  try {
    return chainEntry(row);
  } catch {
    return;
  }
}

async function whyNotAsRecorded(
  db: Database,
  siteId: string,
  state: WalkState,
  row: EventRow,
  { chainOnly }: VerifyOptions,
): Promise<string | undefined> {
  if (chainOnly) return;
  const entry = chainEntry(row);
  const named = await whyNotNamed(db, state.names, entry);
  if (named) return named;
  const rows = rowsOfEvent[row.action as Action]?.(entry);
  if (!rows) return `Event ${row.seq} has the action "${row.action}", which this version of Sitebook does not know.`;
  for (const name of recordTables) {
    const [table, expected] = [tableChecks[name], rows[name]];
    if (!table || !expected || !(expected.length || table.complete)) continue;
    const found = await table.find(db, { siteId, entry, expected, lastPlacement: state.lastPlacement });
    const what = whyNotSame(table, expected, found);
    if (what) return `${row.subject}: ${what}`;
  }
  for (const { seq } of rows.placements ?? []) state.lastPlacement = Math.max(state.lastPlacement, Number(seq));
  for (const { digest, requires, title } of [...(rows.versions ?? []), ...(rows.contents ?? [])]) {
    if (digest) state.digests += 1;
    if (requires) state.requires += 1;
    if (title) state.titles += 1;
  }
  if (rows.version_titles?.some((one) => one.inherited)) state.derivedTitles = true;
}

/** Whether pages would show the event with another name of its person than the one in it. */
async function whyNotNamed(
  db: Database,
  names: Map<string, PersonNames>,
  { seq, person_id: id, recorded_at, details }: ChainEntry,
): Promise<string | undefined> {
  const person = names.get(id) ?? (await namesOf(db, id));
  names.set(id, person);
  const name = nameAt(person.former, person, recorded_at);
  if (name !== details.person)
    return `Event ${seq} names its person ${shown(details.person as string)}, which is ${shown(name)} in the database.`;
}

async function namesOf(db: Database, id: string): Promise<PersonNames> {
  const person = await db.selectFrom("people").select(["id", "name"]).where("id", "=", id).executeTakeFirstOrThrow();
  return { ...person, former: await formerNames(db, [id]) };
}

/** Compares only the columns that the event has: a version's digest may have been recorded later. */
function whyNotSame({ id, name }: TableCheck, expected: EventTableRow[], found: EventTableRow[]): string | undefined {
  const idOf = (row: EventTableRow) => JSON.stringify(id.map((column) => row[column]));
  const foundById = new Map(found.map((row) => [idOf(row), row]));
  for (const row of expected) {
    const one = foundById.get(idOf(row));
    if (!one) return `the event records ${name(row)}, which is missing from the database.`;
    foundById.delete(idOf(row));
    const differs = Object.keys(one).find((column) => row[column] !== undefined && row[column] !== one[column]);
    if (differs)
      return `${differs} of ${name(row)} is ${shown(one[differs])} in the database, and ${shown(row[differs])} in the event.`;
  }
  const [more] = foundById.values();
  if (more) return `${name(more)} is in the database, but not in the event.`;
}

const shown = (value: EventTableRow[string]) => (value === null ? "nothing" : JSON.stringify(value));

function whyNotEnd(
  state: WalkState,
  site: { events: number; head: string },
  { checkpoint }: VerifyOptions,
): string | undefined {
  if (state.seq < site.events) return `Event ${state.seq + 1} is missing: the site has ${site.events} events.`;
  if (state.seq > site.events) return `The site has ${site.events} events, and the chain ${state.seq}.`;
  if (state.hash !== site.head) return `The site's head is not the hash of its last event, ${state.seq}.`;
  if (checkpoint && checkpoint.events > state.seq)
    return `The checkpoint was signed for ${checkpoint.events} events, but there are ${state.seq}: the rest is missing.`;
}
