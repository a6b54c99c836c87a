import { SaxesParser } from "saxes";
import { eventLoopYielder } from "../database/event-loop.ts";
import { Refusal } from "../errors.ts";
import type { TextLine } from "./text-lines.ts";

/** A page of a sitemap, or another sitemap that an index names. */
export interface SitemapEntry {
  is: "page" | "sitemap";
  /** The line on which it ends. */
  number: number;
  address: string;
  /** As it is written there; the date of the last change in the W3C's format, if it is right. */
  lastmod?: string | undefined;
}

/**
 * The entries of a sitemap or sitemap index (https://www.sitemaps.org/protocol.html), while it is read. Passes over what
 * belongs to another namespace, such as images. Throws a Refusal with 422 that names the line if it is neither.
 */
export async function* sitemapEntries(
  lines: AsyncIterable<TextLine> | Iterable<TextLine>,
): AsyncGenerator<SitemapEntry> {
  const { parser, found } = reader();
  const yieldIfDue = eventLoopYielder();
  let number = 0;
  for await (const line of lines) {
    number = line.number;
    if (/^\s*<(!doctype )?html\b/i.test(line.text)) throw new Refusal(422, "This is a web page, not a sitemap.");
    if (line.wrong) throw new Refusal(422, `Line ${number}: ${line.wrong}`);
    feed(number, () => parser.write(`${line.text.replace(bareAmpersand, "&amp;")}\n`));
    for (const entry of found.splice(0)) yield { ...entry, number };
    await yieldIfDue();
  }
  feed(number, () => parser.close());
}

/** Many programs forget to escape it in the query of an address. */
const bareAmpersand = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/gi;

function feed(line: number, write: () => unknown): void {
  try {
    write();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = error instanceof Error ? error.message.replace(/^\d+:\d+: |\.$/g, "") : error;
    throw new Refusal(422, `This sitemap is damaged or cut off at line ${line}: ${reason}.`);
  }
}

function reader() {
  const parser = new SaxesParser({ xmlns: true });
  const found: Omit<SitemapEntry, "number">[] = [];
  let [root, field, depth] = ["", "", 0];
  let texts: Record<string, string> = {};
  const collect = (text: string) => {
    if (field) texts[field] = (texts[field] ?? "") + text;
  };
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ local, uri }) => {
    depth++;
    if (depth === 1) root = rootOf(local, uri);
    if (depth === 2) texts = {};
    field = depth === 3 && uri === root && ["loc", "lastmod"].includes(local) ? local : "";
  });
  parser.on("text", collect);
  parser.on("cdata", collect);
  parser.on("closetag", ({ local, uri }) => {
    depth--;
    field = "";
    if (depth !== 1 || uri !== root || !texts.loc?.trim()) return;
    const is = local === "url" ? "page" : local === "sitemap" ? "sitemap" : undefined;
    if (is) found.push({ is, address: texts.loc.trim(), lastmod: texts.lastmod?.trim() || undefined });
  });
  return { parser, found };
}

/** The namespace of the root element, which differs between old and new sitemaps, or is missing. */
function rootOf(local: string, uri: string): string {
  if (local === "urlset" || local === "sitemapindex") return uri;
  throw new Refusal(422, `This is XML, but not a sitemap: it begins with <${local.slice(0, 60)}>.`);
}
