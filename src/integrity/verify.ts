import { canonicalJson, type Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { snapshot } from "../database/snapshot.ts";
import { type ChainEntry, chainEntry, type EventRow, hashEntry, walkChain } from "../record/chain.ts";
import type { Action } from "../record/events.ts";
import { type EventTableRow, recordTables, rowsOfEvent } from "./event-rows.ts";
import { findOrphan } from "./orphan-checks.ts";
import { type TableCheck, tableChecks } from "./record-tables.ts";

/** The first thing that is wrong: at which event, and what, as a sentence. */
interface Break {
  seq: number;
  what: string;
}

export type Verification = { events: number; head: string } | { break: Break };

export interface VerifyOptions {
  onProgress?: ((done: number, all: number) => void) | undefined;
  /** How far the chain had come, by a checkpoint that was kept elsewhere. */
  checkpoint?: { events: number; head: string } | undefined;
  /** Without the record's tables: only whether the events follow from each other. */
  chainOnly?: boolean | undefined;
}

/** How far the walk has come, and what it has counted: all that it needs to remember. */
interface Walked {
  seq: number;
  hash: string;
  /** The seq of the last placement told. */
  placed: number;
  digests: number;
  requires: number;
}

/**
 * Walks a site's chain and holds each event against the rows it tells of, then looks for rows of which no event tells.
 * Reads one moment of the database, and remembers no more for a longer chain.
 */
export function verify(db: Database, siteId: string, checking: VerifyOptions = {}): Promise<Verification> {
  return snapshot(db, async (at) => {
    const site = await at
      .selectFrom("sites")
      .select(["id", "events", "head"])
      .where("id", "=", siteId)
      .executeTakeFirstOrThrow();
    const walked: Walked = { seq: 0, hash: "", placed: Number.MIN_SAFE_INTEGER, digests: 0, requires: 0 };
    for await (const row of walkChain(at, siteId)) {
      const what = whyNotNext(walked, row, checking) ?? (await whyNotAsTold(at, siteId, walked, row, checking));
      if (what) return { break: { seq: walked.seq + 1, what } };
      walked.seq = row.seq;
      walked.hash = row.hash;
      checking.onProgress?.(row.seq, site.events);
    }
    const what = whyNotEnd(walked, site, checking);
    if (what) return { break: { seq: walked.seq + 1, what } };
    const wrong = checking.chainOnly ? undefined : await findOrphan(at, siteId, walked);
    return wrong ? { break: wrong } : { events: walked.seq, head: walked.hash };
  });
}

function whyNotNext(before: Walked, row: EventRow, { checkpoint }: VerifyOptions): string | undefined {
  const seq = before.seq + 1;
  if (row.seq !== seq) return `Event ${seq} is missing: event ${row.seq} comes after event ${before.seq}.`;
  if (row.previous_hash !== before.hash)
    return `Event ${seq} does not follow from event ${before.seq}: it names another hash before it.`;
  const entry = readEntry(row);
  if (
    !entry ||
    canonicalJson(entry.details as Json) !== row.details ||
    hashEntry(before.hash, entry, row.details) !== row.hash
  )
    return `Event ${seq} is not what was recorded: its content does not give its hash.`;
  if (checkpoint?.events === seq && checkpoint.head !== row.hash)
    return `The history up to event ${seq} is not the one that the checkpoint was signed for: it was written anew.`;
}

function readEntry(row: EventRow): ChainEntry | undefined {
  try {
    return chainEntry(row);
  } catch {
    return;
  }
}

async function whyNotAsTold(
  db: Database,
  siteId: string,
  walked: Walked,
  row: EventRow,
  { chainOnly }: VerifyOptions,
): Promise<string | undefined> {
  if (chainOnly) return;
  const entry = chainEntry(row);
  const rows = rowsOfEvent[row.action as Action]?.(entry);
  if (!rows) return `Event ${row.seq} says "${row.action}", which this Sitebook does not know.`;
  for (const name of recordTables) {
    const [table, said] = [tableChecks[name], rows[name]];
    if (!table || !said || !(said.length || table.whole)) continue;
    const found = await table.find(db, { siteId, entry, said, placed: walked.placed });
    const what = whyNotSame(table, said, found);
    if (what) return `${row.subject}: ${what}`;
  }
  for (const { seq } of rows.placements ?? []) walked.placed = Math.max(walked.placed, Number(seq));
  for (const { digest, requires } of [...(rows.versions ?? []), ...(rows.contents ?? [])]) {
    if (digest) walked.digests += 1;
    if (requires) walked.requires += 1;
  }
}

/** Only the columns that the event knows of are compared: a version's digest may have been told later. */
function whyNotSame({ id, name }: TableCheck, said: EventTableRow[], found: EventTableRow[]): string | undefined {
  const itself = (row: EventTableRow) => JSON.stringify(id.map((column) => row[column]));
  const there = new Map(found.map((row) => [itself(row), row]));
  for (const row of said) {
    const one = there.get(itself(row));
    if (!one) return `the event tells of ${name(row)}, which is not in the record.`;
    there.delete(itself(row));
    const differs = Object.keys(one).find((column) => row[column] !== undefined && row[column] !== one[column]);
    if (differs)
      return `of ${name(row)} the record says ${differs} ${shown(one[differs])}, and the event says ${shown(row[differs])}.`;
  }
  const [more] = there.values();
  if (more) return `${name(more)} is in the record, and the event does not tell of it.`;
}

const shown = (value: EventTableRow[string]) => (value === null ? "nothing" : JSON.stringify(value));

function whyNotEnd(
  walked: Walked,
  site: { events: number; head: string },
  { checkpoint }: VerifyOptions,
): string | undefined {
  if (walked.seq < site.events) return `Event ${walked.seq + 1} is missing: the site has ${site.events} events.`;
  if (walked.seq > site.events) return `The site has ${site.events} events, and the chain ${walked.seq}.`;
  if (walked.hash !== site.head) return `The site's head is not the hash of its last event, ${walked.seq}.`;
  if (checkpoint && checkpoint.events > walked.seq)
    return `The checkpoint was signed for ${checkpoint.events} events, and there are ${walked.seq}: the rest is missing.`;
}
