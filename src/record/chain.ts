import { CanonicalText, canonicalJson, type Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import type { Schema } from "../schema.ts";

export type EventRow = Schema["events"];

/** What an event's hash is made of, next to the hash before it. */
export interface ChainEntry {
  seq: number;
  recorded_at: string;
  person_id: string;
  action: string;
  subject: string;
  subject_id: string | null;
  environment_id: string | null;
  details: { [key: string]: Json | undefined };
}

/** Throws where the details are no JSON; nothing that Sitebook wrote is. */
export function chainEntry(row: EventRow): ChainEntry {
  const { site_id: _site, previous_hash: _previous, hash: _hash, details, ...content } = row;
  return { ...content, details: JSON.parse(details) as ChainEntry["details"] };
}

/** SHA-256 over the hash before it, as it is written, and the entry as canonical JSON; of its details where that is known already. */
export function hashEntry(previous: string, entry: ChainEntry, details = canonicalJson(entry.details)): string {
  return sha256(previous + canonicalJson({ ...entry, details: new CanonicalText(details) }));
}

/** An event may tell of ten thousand lines, so that a page of many would not fit into memory. */
const pageSize = 100;

/** A site's events, oldest first, a page at a time. */
export async function* walkChain(db: Database, siteId: string, after = 0): AsyncGenerator<EventRow> {
  for (let last = after; ; ) {
    const page = await db
      .selectFrom("events")
      .selectAll()
      .where("site_id", "=", siteId)
      .where("seq", ">", last)
      .orderBy("seq")
      .limit(pageSize)
      .execute();
    yield* page;
    if (page.length < pageSize) return;
    last = (page.at(-1) as EventRow).seq;
  }
}
