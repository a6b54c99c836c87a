import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

export const searchKinds = ["artifact", "release", "promotion", "event", "note"] as const;

export type SearchKind = (typeof searchKinds)[number];

export interface SearchEntry {
  kind: SearchKind;
  /** An artifact's id, a release's or promotion's number, or the seq of an event or of a note's event. */
  ref: string;
  text: string;
}

/**
 * Adds entries to the search index, or replaces their text. Must be called inside the transaction that writes what is
 * searched: `appendEvent` and `upsertArtifacts` do so. (Triggers on the tables could not: words are folded in this file,
 * and notes are in the events' details.)
 */
export async function indexForSearch(trx: Database, siteId: string, entries: SearchEntry[]): Promise<void> {
  const rows = entries.map(({ kind, ref, text }) => ({ site_id: siteId, kind, ref, words: tokenize(text).join(" ") }));
  const [first, ...more] = rows;
  if (first && !more.length) await insertOne(trx, siteId, first.kind, first.ref, first.words);
  else for (let i = 0; i < rows.length; i += 500) await insertion(trx, rows.slice(i, i + 500)).execute();
}

const insertion = (trx: Database, rows: { site_id: string; kind: string; ref: string; words: string }[]) =>
  trx
    .insertInto("search_entries")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["site_id", "kind", "ref"]).doUpdateSet((eb) => ({ words: eb.ref("excluded.words") })),
    );

const insertOne = precompiled((trx, site_id: string, kind: string, ref: string, words: string) =>
  insertion(trx, [{ site_id, kind, ref, words }]),
);

export const artifactEntry = ({
  id,
  key,
  title,
}: {
  id: string;
  key: string;
  title?: string | null | undefined;
}): SearchEntry => ({
  kind: "artifact",
  ref: id,
  text: `${key} ${title ?? ""}`,
});

interface Event {
  seq: number;
  action: string;
  /** `deployment 42` */
  subject: string;
  details: object;
}

/**
 * The search entries of an event: one with its person, action and subject, and a note with the text that people wrote.
 * The event that creates a release or requests a promotion adds an entry for that instead of a note.
 */
export function eventEntries({ seq, action, subject, details }: Event): SearchEntry[] {
  const band = "out_of_band" in details && details.out_of_band ? ["out of band"] : [];
  const facts = [action.replaceAll("_", " "), subject, ...band, ...new Set(plainTexts(details))].join(" ");
  const written = freeTexts(details).join(" ");
  const kind = { release_made: "release", promotion_asked: "promotion" }[action] as SearchKind | undefined;
  const event: SearchEntry = { kind: "event", ref: String(seq), text: facts };
  if (kind) return [event, { kind, ref: String((details as { number?: number }).number), text: `${facts} ${written}` }];
  return written ? [event, { kind: "note", ref: String(seq), text: written }] : [event];
}

/** The texts that people wrote: notes, comments, reasons. */
export function freeTexts(details: object): string[] {
  const { note, notes, comment, reason } = details as Record<string, unknown>;
  return [note, notes, comment, reason].filter((text) => typeof text === "string" && text !== "") as string[];
}

/** Details that are indexed as notes, or that nobody searches for: ids and digests. */
const skippedDetails = /^(note|notes|comment|reason|id|digest|hash|rules|before|.*_id|.*_at)$/;

/** Nobody searches for one of these either, whatever its detail is called. */
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Longer lists are not indexed: the artifacts of a large inventory have their own entries. */
const maxListLength = 20;

function plainTexts(value: unknown): string[] {
  if (typeof value === "string") return isoTime.test(value) ? [] : [value];
  if (Array.isArray(value)) return value.length > maxListLength ? [] : value.flatMap(plainTexts);
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.flatMap(([name, detail]) => (skippedDetails.test(name) ? [] : plainTexts(detail)));
}

const letters: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
  ς: "σ",
};

/**
 * The words of a text as they are indexed and searched: lower-case letters and digits without accents. Folding them here
 * gives the same results on both engines: SQLite folds accents, PostgreSQL does not.
 */
export function tokenize(text: string): string[] {
  const folded = text
    .slice(0, 12_000)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}+/gu, "")
    .replace(/[ßæœøłđðþıς]/g, (letter) => letters[letter] ?? letter);
  return folded.match(/[\p{L}\p{N}]{1,60}/gu) ?? [];
}
