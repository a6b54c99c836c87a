import { eventLoopYielder } from "../database/event-loop.ts";
import { Refusal } from "../errors.ts";
import { readColumns } from "./columns.ts";
import { readJson } from "./json-lines.ts";
import { type IntakeContext, orRemoval, type ReadLine, readLine } from "./lines.ts";
import type { Delimiter } from "./records.ts";
import { sitemapEntries } from "./sitemap.ts";
import { onlyIndex } from "./sitemap-table.ts";
import { readTable } from "./tables.ts";
import type { TextLine } from "./text-lines.ts";

type Lines = AsyncIterable<TextLine> | Iterable<TextLine>;

/**
 * Reads lines of any format: `page /path version` or `software name version`, a list of paths or web addresses, CSV or
 * TSV with or without headings, JSON lines, or a sitemap. Skips blank lines and lines that begin with #. Returns keys in
 * their normal form. Throws a Refusal with 422 if the text as a whole cannot be read.
 */
export async function* readLines(lines: Lines, context: IntakeContext): AsyncGenerator<ReadLine> {
  const yieldIfDue = eventLoopYielder();
  for await (const line of linesOfFormat(lines, context)) {
    yield line;
    await yieldIfDue();
  }
}

async function* linesOfFormat(lines: Lines, context: IntakeContext): AsyncGenerator<ReadLine> {
  const { first, all } = await fromFirstContent(lines);
  if (!first) return;
  const text = first.text.trim();
  const format = formatOf(text);
  if (format === "sitemap") yield* readSitemap(all, context);
  else if (format === "JSON lines") yield* readEach(all, (line) => readJson(line, context));
  else if (format === "words") yield* readWords(all, context, isUnversioned(text));
  else yield* readTable(isSeparator(text) ? skipFirst(all) : all, format.delimiter, context);
}

/** What the first line with content says about the text. */
export function formatOf(first: string): "sitemap" | "JSON lines" | "words" | { delimiter: Delimiter } {
  if (first.startsWith("<")) return "sitemap";
  if (first.startsWith("{")) return "JSON lines";
  const delimiter = isSeparator(first) ? (first.charAt(4) as Delimiter) : delimiterOf(first);
  return delimiter ? { delimiter } : "words";
}

/** Excel writes and reads this line before a table. */
const isSeparator = (text: string): boolean => /^sep=[,;\t|]$/i.test(text);

/** The first line with content; undefined if there is none. */
export async function firstContent(lines: Lines): Promise<TextLine | undefined> {
  for await (const line of lines) if (hasContent(line)) return line;
  return undefined;
}

/** Leaves out what comes before the first line with content. */
async function fromFirstContent(lines: Lines): Promise<{ first?: TextLine; all: AsyncGenerator<TextLine> }> {
  const source = (async function* () {
    yield* lines;
  })();
  for (let next = await source.next(); !next.done; next = await source.next()) {
    const first = next.value;
    if (hasContent(first)) return { first, all: startingWith(first, source) };
  }
  return { all: source };
}

const hasContent = ({ text, wrong }: TextLine): boolean =>
  wrong !== undefined || (text.trim() !== "" && !text.trimStart().startsWith("#"));

async function* startingWith(first: TextLine, rest: AsyncIterable<TextLine>): AsyncGenerator<TextLine> {
  yield first;
  yield* rest;
}

async function* skipFirst(lines: AsyncGenerator<TextLine>): AsyncGenerator<TextLine> {
  await lines.next();
  yield* lines;
}

/**
 * The first tab, semicolon or comma of the first line; undefined if the line is written as words. In words a comma can
 * only be a part of a version, or of a path that begins another line. Headings may begin with such a word: "Page URL".
 */
function delimiterOf(first: string): Delimiter | undefined {
  if (first.includes("\t")) return "\t";
  if (/^(page|software) /i.test(first) && !readColumns(first.split(/[;,]/))) return;
  const [, delimiter] = /^(?:https?:\/\/|\/)/i.test(first)
    ? (/^\S*?([;,])/.exec(first) ?? [])
    : (/([;,])/.exec(first) ?? []);
  return delimiter as Delimiter | undefined;
}

/** A list begins with a path or an address alone, or with a heading for such. */
const isUnversioned = (first: string): boolean => /^"?(page )?(\/|https?:\/\/)\S*$/i.test(first) || isHeading(first);

const isHeading = (text: string): boolean => /^"?(urls?|address(es)?|loc|paths?|pages?|links?)"?$/i.test(text);

async function* readEach(
  lines: AsyncIterable<TextLine>,
  read: (line: TextLine) => Promise<ReadLine | undefined>,
): AsyncGenerator<ReadLine> {
  for await (const { number, text, wrong } of lines) {
    if (!hasContent({ number, text })) continue;
    const line = wrong ? { number, text, wrong } : await read({ number, text: text.trim() });
    if (line) yield line;
  }
}

/** `page /sale v3`, or shorter `/sale v3`, which can only be a page. In a list, the version is missing. */
async function* readWords(
  lines: AsyncIterable<TextLine>,
  context: IntakeContext,
  unversioned: boolean,
): AsyncGenerator<ReadLine> {
  let isFirst = true;
  yield* readEach(lines, async ({ number, text }) => {
    const heading = isFirst && isHeading(text);
    isFirst = false;
    if (heading) return;
    const words = text.replace(/^"(.*)"$/, "$1").split(/\s+/);
    if (/^(\/|https?:\/\/)/i.test(words[0] ?? "")) words.unshift("page");
    const [kind, key, version, ...more] = words;
    if (more.length)
      return { number, text, wrong: "This line has more than a kind, a path or name, and a version. Remove the rest." };
    return readLine({ number, text }, { kind, key, version: orRemoval(version) }, unversioned, context);
  });
}

async function* readSitemap(lines: AsyncIterable<TextLine>, context: IntakeContext): AsyncGenerator<ReadLine> {
  for await (const { is, number, address, lastmod } of sitemapEntries(lines)) {
    if (is === "sitemap") throw new Refusal(422, onlyIndex);
    const written = { kind: "page", key: address, lastmod };
    const line = await readLine({ number, text: address }, written, true, context);
    if (line) yield line;
  }
}
