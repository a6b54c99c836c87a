import { sha256 } from "../database/ids.ts";
import { readReviewDate } from "../findings/review-date-rules.ts";
import { linksOf, type PageLink } from "./links.ts";
import { normalAddress, withoutOwn } from "./normalise.ts";
import { parseHtml } from "./parse-html.ts";

/** What is kept of a page's HTML, and what its head says. */
export interface Reduced {
  /**
   * Well-formed XML with the elements, texts and a few attributes of the page; without what visitors do not read, what
   * differs on each request, and the addresses of the site's own servers.
   */
  content: string;
  /** Undefined: it has no such element. */
  title: string | undefined;
  language: string | undefined;
  canonical: string | undefined;
  base: string | undefined;
  /** The directives of each meta element for robots. */
  robots: string[];
  /** What meta elements say that is a date, by their names in lower case. */
  dates: Map<string, string>;
  /** What its elements name, in their order. */
  links: PageLink<string>[];
}

/** What they contain is not read by visitors, or is a time, which is relative on many pages. */
const unread = new Set(["script", "style", "template", "noscript", "svg", "time", "relative-time", "time-ago"]);

const keptAttributes = ["id", "class", "href", "src", "alt", "lang", "name", "content", "rel", "action"];
const addresses = new Set(["href", "src", "action"]);

/** Elements deeper than this are left out, not their texts: browsers do about the same, and no reader runs out of stack. */
const maxDepth = 256;

const maxAttribute = 2000;

type Attributes = Record<string, string>;

export function reduce(source: string, baseUrls: string[]): Reduced {
  const parts: string[] = [];
  const head: Omit<Reduced, "content"> = {
    title: undefined,
    language: undefined,
    canonical: undefined,
    base: undefined,
    robots: [],
    dates: new Map(),
    links: [],
  };
  const written: boolean[] = [];
  let [isTitle, hiddenAt] = [false, 0];
  parseHtml(source, {
    onopentag: (name, attributes) => {
      const isWritten = !hiddenAt && written.length < maxDepth && isKept(name, attributes);
      written.push(isWritten);
      if (name === "html") head.language ??= attributes.lang;
      readHead(head, name, attributes);
      if (name === "title" && head.title === undefined && !hiddenAt) [isTitle, head.title] = [true, ""];
      if (isWritten) parts.push(openTag(name, attributes, baseUrls));
      if (!hiddenAt && unread.has(name)) hiddenAt = written.length;
    },
    ontext: (text) => {
      if (isTitle) head.title += text;
      if (!hiddenAt) parts.push(escapeXml(withoutOwn(text, baseUrls).replace(/\s+/g, " ").toWellFormed()));
    },
    onclosetag: (name) => {
      if (written.length === hiddenAt) hiddenAt = 0;
      if (name === "title") isTitle = false;
      if (written.pop()) parts.push(`</${name}>`);
    },
  });
  return { ...head, content: parts.join("") };
}

/** Plain text in the same form: a line of the text is one of the page. */
export function reduceText(text: string, baseUrls: string[]): string {
  const lines = withoutOwn(text, baseUrls).toWellFormed().split("\n");
  return lines.map((line) => `<p>${escapeXml(line.replace(/\s+/g, " "))}</p>`).join("");
}

function readHead(head: Omit<Reduced, "content">, name: string, attributes: Attributes): void {
  const { href, content = "" } = attributes;
  if (name === "base") head.base ??= href || undefined;
  if (name === "meta" && attributes.name?.toLowerCase() === "robots") head.robots.push(content);
  const date = name === "meta" ? readReviewDate(content) : undefined;
  const key = (attributes.name ?? attributes.property ?? "").toLowerCase();
  if (date && !head.dates.has(key)) head.dates.set(key, date);
  if (name === "link" && href && /\bcanonical\b/i.test(attributes.rel ?? "")) head.canonical ??= href;
  for (const link of linksOf(name, attributes)) head.links.push(link);
}

/** Hidden fields have tokens, and scripts within a page nonces. */
const isKept = (name: string, { type, src }: Attributes): boolean =>
  name === "script"
    ? src !== undefined
    : name === "input"
      ? type?.toLowerCase() !== "hidden"
      : !/^(style|template|noscript)$/.test(name);

function openTag(name: string, attributes: Attributes, baseUrls: string[]): string {
  let tag = `<${name}`;
  for (const key of keptAttributes) {
    const value = attributes[key];
    if (value === undefined || (key === "content" && isToken(attributes))) continue;
    const normal = addresses.has(key) ? normalAddress(value, baseUrls) : withoutOwn(value, baseUrls);
    tag += ` ${key}="${escapeXml(shortened(normal.toWellFormed()))}"`;
  }
  return `${tag}>`;
}

/** The content of a meta element can be a token, unless it is one of these. */
const isToken = ({ name = "" }: Attributes): boolean => !/^(description|robots)$/i.test(name);

/** An image can be in its address. */
const shortened = (value: string): string =>
  value.length > maxAttribute ? `${value.slice(0, 100).toWellFormed()}…${sha256(value)}` : value;

const escapeXml = (text: string): string =>
  text.replace(/[&<"]/g, (character) => (character === "&" ? "&amp;" : character === "<" ? "&lt;" : "&quot;"));
