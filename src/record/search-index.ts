import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

export const searchKinds = ["artifact", "release", "promotion", "event", "note"] as const;

export type SearchKind = (typeof searchKinds)[number];

export interface SearchEntry {
  kind: SearchKind;
  /** Which one: an artifact's id, a release's or promotion's number, the seq of an event or of the event a note came with. */
  ref: string;
  text: string;
}

/**
 * Makes these findable, or findable by their new text. To be called inside the transaction that writes them: the
 * history's `append` and `learnArtifacts` do, through which everything comes that is searched. (Triggers on the
 * tables could not: words are folded here, and what was written stands in the events' details.)
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
 * An event is found by who did what to what; what people wrote with it is a note, found by itself. With the event that
 * makes a release or asks for a promotion these become findable, by name and notes.
 */
export function eventEntries({ seq, action, subject, details }: Event): SearchEntry[] {
  const band = "out_of_band" in details && details.out_of_band ? ["out of band"] : [];
  const plain = [action.replaceAll("_", " "), subject, ...band, ...new Set(plainWords(details))].join(" ");
  const written = freeTexts(details).join(" ");
  const kind = { release_made: "release", promotion_asked: "promotion" }[action] as SearchKind | undefined;
  const event: SearchEntry = { kind: "event", ref: String(seq), text: plain };
  if (kind) return [event, { kind, ref: String((details as { number?: number }).number), text: `${plain} ${written}` }];
  return written ? [event, { kind: "note", ref: String(seq), text: written }] : [event];
}

/** What somebody wrote: notes, comments, reasons. */
export function freeTexts(details: object): string[] {
  const { note, notes, comment, reason } = details as Record<string, unknown>;
  return [note, notes, comment, reason].filter((one) => typeof one === "string" && one !== "") as string[];
}

/** What is told otherwise (`written`), or is no word: ids, digests, times. */
const apart = /^(note|notes|comment|reason|id|digest|hash|rules|before|.*_id|.*_at)$/;

/** Of a long list none: what an inventory of thousands names is found by itself. */
const listed = 20;

function plainWords(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.length > listed ? [] : value.flatMap(plainWords);
  if (typeof value !== "object" || value === null) return [];
  const named = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return named.flatMap(([name, one]) => (apart.test(name) ? [] : plainWords(one)));
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
};

/**
 * The words of a text as they are kept and looked for: small letters and digits without accents. Folded here, so that
 * both engines find the same: SQLite would fold accents by itself, PostgreSQL would not.
 */
export function tokenize(text: string): string[] {
  const folded = text
    .slice(0, 12_000)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}+/gu, "")
    .replace(/[ßæœøłđðþı]/g, (letter) => letters[letter] ?? letter);
  return folded.match(/[\p{L}\p{N}]{1,60}/gu) ?? [];
}
