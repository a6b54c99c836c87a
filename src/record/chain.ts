import { CanonicalText, canonicalJson, type Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import type { Schema } from "../schema.ts";

export type EventRow = Schema["events"];

/** The content that an event's hash covers, together with the previous hash. */
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

/** Throws a SyntaxError if the details are not JSON, as only a changed database can have them. */
export function chainEntry(row: EventRow): ChainEntry {
  const { site_id: _site, previous_hash: _previous, hash: _hash, details, ...content } = row;
  return { ...content, details: JSON.parse(details) as ChainEntry["details"] };
}

/** SHA-256 of the previous hash, in hexadecimal, followed by the entry as canonical JSON. `details`: its canonical JSON, if the caller has it. */
export function hashEntry(previous: string, entry: ChainEntry, details = canonicalJson(entry.details)): string {
  return sha256(previous + canonicalJson({ ...entry, details: new CanonicalText(details) }));
}

/** One event may have ten thousand lines, so larger pages might not fit into memory. */
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
