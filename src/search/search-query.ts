import { tokenize } from "../record/search-index.ts";

/** Phrases of one or more words each; a result has all of them. */
export interface SearchQuery {
  phrases: string[][];
  /** The last word may be the start of a longer one, for it is still being typed. */
  open: boolean;
  /** A result has at least one of the phrases, and not all of them. */
  any?: boolean;
}

const maxWords = 12;

/** Reads a search as users type it: words in "double quotes" are a phrase, and nothing else is syntax. */
export function parseSearchQuery(text: string): SearchQuery {
  const parts = text.split(/["“”„«»]/);
  const phrases = parts.flatMap((part, i) =>
    i % 2 && i < parts.length - 1 ? [tokenize(part)] : tokenize(part).map((word) => [word]),
  );
  const some = phrases.filter((phrase) => phrase.length).slice(0, maxWords);
  const open = parts.length % 2 === 0 || tokenize(parts.at(-1) ?? "").length > 0;
  return { phrases: some.map((phrase) => phrase.slice(0, maxWords)), open };
}

// `tokenize` leaves only letters and digits, and both functions quote them: nothing that is typed can be syntax.

/** For SQLite's FTS5, within one site's entries of one kind. */
export function forFts5({ phrases, open, any }: SearchQuery, siteId: string, kind: string): string {
  const terms = phrases.map((phrase, i) => `"${phrase.join(" ")}"${open && i === phrases.length - 1 ? "*" : ""}`);
  return `scope : "${siteId.replaceAll("-", "")}${kind}" AND words : (${terms.join(any ? " OR " : " AND ")})`;
}

/** For PostgreSQL's to_tsquery. */
export function forTsquery({ phrases, open, any }: SearchQuery): string {
  const terms = phrases.map((phrase, i) => {
    const last = open && i === phrases.length - 1;
    return phrase.map((word, j) => `'${word}'${last && j === phrase.length - 1 ? ":*" : ""}`).join(" <-> ");
  });
  return terms.map((term) => `(${term})`).join(any ? " | " : " & ");
}
