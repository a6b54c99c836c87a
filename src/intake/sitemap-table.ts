import { Refusal } from "../errors.ts";
import { maxPlacements } from "../record/report.ts";
import { formatCount } from "../text.ts";
import { type SitemapEntry, sitemapEntries } from "./sitemap.ts";
import type { TextLine } from "./text-lines.ts";

/** Reads one of the sitemaps that an index names. */
export type ReadPart = (address: string) => AsyncIterable<TextLine>;

/** An index can name 50,000 sitemaps; so many are read. */
const maxParts = 100;

/**
 * A sitemap as a table, which people can edit, and which is read like any other. Follows an index if `readPart` is given.
 * Throws a Refusal with 422 if the sitemap cannot be read, or has more pages than a deployment can have lines, or
 * than `maxPages`.
 */
export async function sitemapTable(
  lines: AsyncIterable<TextLine> | Iterable<TextLine>,
  readPart?: ReadPart,
  maxPages = maxPlacements,
): Promise<string> {
  const rows = ["URL\tLast modified"];
  const parts = await collectRows(sitemapEntries(lines), rows, maxPages);
  if (parts.length && !readPart) throw new Refusal(422, onlyIndex);
  if (parts.length > maxParts)
    throw new Refusal(
      422,
      `This index names ${formatCount(parts.length)} sitemaps, and at most ${maxParts} are read. Record them one by one.`,
    );
  for (const address of readPart ? parts : []) {
    const nested = await collectRows(sitemapEntries((readPart as ReadPart)(address)), rows, maxPages);
    if (nested.length)
      throw new Refusal(422, `${address} is an index within an index. Record its sitemaps one by one.`);
  }
  return rows.join("\n");
}

export const onlyIndex =
  "This is an index of sitemaps: it names other sitemaps, but no pages. Enter its address instead, or record each of its sitemaps.";

/** Returns the addresses of the sitemaps that it names. */
async function collectRows(entries: AsyncIterable<SitemapEntry>, rows: string[], maxPages: number): Promise<string[]> {
  const parts: string[] = [];
  for await (const { is, address, lastmod = "" } of entries) {
    if (is === "sitemap") parts.push(address);
    else rows.push(`${inCell(address)}\t${lastmod.replace(/[\s"]+/g, " ")}`);
    if (rows.length > maxPages + 1) throw new Refusal(422, tooManyPages(maxPages));
  }
  return parts;
}

const tooManyPages = (maxPages: number): string =>
  `This sitemap has more than ${formatCount(maxPages)} pages, the most that ${maxPages === maxPlacements ? "a deployment can have" : "are read at once"}. Record it in parts.`;

const inCell = (text: string): string => text.replace(/[\s"]/g, (character) => encodeURIComponent(character));
