import { tokenize } from "../record/search-index.ts";

/** What is looked for: phrases, each of one word or more, all of which have to be there. */
export interface SearchQuery {
  phrases: string[][];
  /** The last word may be the beginning of one: it is still being typed. */
  open: boolean;
}

const most = 12;

/** Reads what somebody typed; words in "double quotes" stand together. Whatever else is in it is no syntax. */
export function parseSearchQuery(text: string): SearchQuery {
  const parts = text.split(/["“”„«»]/);
  const phrases = parts.flatMap((part, i) =>
    i % 2 && i < parts.length - 1 ? [tokenize(part)] : tokenize(part).map((word) => [word]),
  );
  const wanted = phrases.filter((phrase) => phrase.length).slice(0, most);
  const open = parts.length % 2 === 0 || tokenize(parts.at(-1) ?? "").length > 0;
  return { phrases: wanted.map((phrase) => phrase.slice(0, most)), open };
}

// Both only ever see letters and digits in quotation marks of their own: nothing that is typed can be syntax.

/** For SQLite's FTS5, within one site's entries of one kind. */
export function forFts5({ phrases, open }: SearchQuery, siteId: string, kind: string): string {
  const terms = phrases.map((phrase, i) => `"${phrase.join(" ")}"${open && i === phrases.length - 1 ? "*" : ""}`);
  return `scope : "${siteId.replaceAll("-", "")}${kind}" AND words : (${terms.join(" AND ")})`;
}

/** For PostgreSQL's to_tsquery. */
export function forTsquery({ phrases, open }: SearchQuery): string {
  const terms = phrases.map((phrase, i) => {
    const last = open && i === phrases.length - 1;
    return phrase.map((word, j) => `'${word}'${last && j === phrase.length - 1 ? ":*" : ""}`).join(" <-> ");
  });
  return terms.map((term) => `(${term})`).join(" & ");
}
