import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { sha256 } from "../database/ids.ts";
import { type PageLink, resolveLinks } from "./links.ts";
import { type Reduced, reduce, reduceText } from "./reduce.ts";
import { type Filter, noFilter } from "./view.ts";
import { type Digests, readContent } from "./view-text.ts";

/** What a page shows, without the parts that differ on each request. */
export interface Reading extends Digests {
  /** Empty: it has none. Null: it is no HTML. */
  title: string | null;
  language: string | null;
  canonical: string | null;
  /** The directives for robots, of the page and of its response. */
  robots: string | null;
  /** What the meta tag of review dates says, if it is a date. */
  review_at: string | null;
  /** What it names; undefined: it is no HTML. */
  links: PageLink[] | undefined;
  /** As it is kept; undefined if it is no text, or too long: its digests are without the filter then. */
  content: string | undefined;
  /** Whether its content is the one that was known. */
  isKnown: boolean;
  /** Whether a visitor reads or sees anything. */
  isEmpty: boolean;
}

interface Source {
  body: Buffer;
  contentType: string | undefined;
  /** The header X-Robots-Tag. */
  robotsTag: string | undefined;
  /** The page's own address. */
  address: string;
  /** The addresses of the servers of its site, which are taken out of it. */
  baseUrls: string[];
  filter: Filter;
  /** The meta tag that says when a page is to be reviewed; empty: none. */
  dateTag?: string | undefined;
  /** A content by its SHA-256, whose digests are known with this filter. */
  known?: (Digests & { content: string | null }) | undefined;
}

const maxContentLength = 500_000;

/** Reads a page. What is not HTML or text is taken as it is, and has neither title nor words. */
export function readPage(source: Source): Reading {
  const { body, contentType = "", robotsTag } = source;
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const isHtml =
    /^(text\/html|application\/xhtml\+xml)$/.test(type) || (!type && /^\s*</.test(body.toString("latin1", 0, 200)));
  const robots = robotsTag?.toLowerCase() ?? null;
  const head = { title: null, language: null, canonical: null, robots, review_at: null, links: undefined };
  if (isHtml) {
    const reduced = reduce(textOf(body, contentType), source.baseUrls);
    return { ...headOf(reduced, source), ...readReduced(reduced.content, source) };
  }
  if (type.startsWith("text/"))
    return { ...head, ...readReduced(reduceText(textOf(body, contentType), source.baseUrls), source) };
  const digest = createHash("sha256").update(body).digest("hex");
  const isEmpty = body.length === 0;
  return { ...head, text_digest: digest, structure_digest: digest, content: undefined, isKnown: false, isEmpty };
}

function readReduced(
  content: string,
  { filter, known }: Source,
): Pick<Reading, keyof Digests | "content" | "isKnown" | "isEmpty"> {
  if (known?.content && known.content === sha256(content)) {
    const { text_digest, structure_digest } = known;
    return { text_digest, structure_digest, content, isKnown: true, isEmpty: false };
  }
  const isKept = content.length <= maxContentLength;
  const { text_digest, structure_digest, lines, hasPictures } = readContent(content, isKept ? filter : noFilter);
  const isEmpty = lines.length === 0 && !hasPictures && isBare(content);
  return { text_digest, structure_digest, content: isKept ? content : undefined, isKnown: false, isEmpty };
}

/** Whether there is nothing to read even with what a filter leaves out. */
function isBare(content: string): boolean {
  const { lines, hasPictures } = readContent(content, noFilter);
  return lines.length === 0 && !hasPictures;
}

function headOf(
  { title, language, canonical, base, robots, dates, links }: Reduced,
  { robotsTag, address, dateTag = "" }: Source,
) {
  const directives = [robotsTag ?? [], robots].flat();
  const from = (base && URL.parse(base, address)?.href) || address;
  return {
    title: (title ?? "").toWellFormed().replace(/\s+/g, " ").trim().slice(0, 500),
    language: language?.slice(0, 100) || null,
    canonical: canonical ? (URL.parse(canonical, from)?.href ?? canonical).slice(0, 2000) : null,
    robots: directives.length ? directives.join(", ").toLowerCase().slice(0, 500) : null,
    review_at: (dateTag && dates.get(dateTag.toLowerCase())) || null,
    links: resolveLinks(links, from, robots),
  };
}

/** The text in its encoding: by its mark, its header, or its own declaration; else UTF-8, or Windows-1252 if it is not that. */
function textOf(body: Buffer, contentType: string): string {
  const declared = /charset\s*=\s*["']?([\w-]+)/i;
  const label = declared.exec(contentType)?.[1] ?? declared.exec(body.toString("latin1", 0, 1024))?.[1];
  const marks: [string, string][] = [
    ["utf-8", "\xef\xbb\xbf"],
    ["utf-16le", "\xff\xfe"],
    ["utf-16be", "\xfe\xff"],
  ];
  const marked = marks.find(([, mark]) => body.toString("latin1", 0, mark.length) === mark)?.[0];
  return decoderFor(marked ?? label, body).decode(body);
}

function decoderFor(label: string | undefined, body: Buffer): InstanceType<typeof TextDecoder> {
  const isWrong = !label || (/^utf-?8$/i.test(label) && !isUtf8(body));
  if (isWrong) return new TextDecoder(isUtf8(body) ? "utf-8" : "windows-1252");
  try {
    return new TextDecoder(label);
  } catch {
    return decoderFor(undefined, body);
  }
}
