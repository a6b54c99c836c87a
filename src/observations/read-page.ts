import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { Parser } from "htmlparser2";
import { sha256 } from "../database/ids.ts";
import { normalAddress, normalText } from "./normalise.ts";

/** What a page shows. Digests are SHA-256, of what is left once the parts that differ on each request are taken out. */
export interface Reading {
  /** Empty: it has none. Null: it is no HTML. */
  title: string | null;
  language: string | null;
  canonical: string | null;
  /** The directives for robots, of the page and of its response. */
  robots: string | null;
  textDigest: string;
  structureDigest: string;
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
  /** The addresses of the servers of its environment, which are taken out of it. */
  baseUrls: string[];
}

/** Reads a page. What is not HTML or text is taken as it is, and has neither title nor words. */
export function readPage({ body, contentType = "", robotsTag, address, baseUrls }: Source): Reading {
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const isHtml =
    /^(text\/html|application\/xhtml\+xml)$/.test(type) || (!type && /^\s*</.test(body.toString("latin1", 0, 200)));
  const nothing = { title: null, language: null, canonical: null, robots: robotsTag?.toLowerCase() ?? null };
  if (isHtml) return readHtml(textOf(body, contentType), robotsTag, address, baseUrls);
  if (!type.startsWith("text/")) {
    const digest = createHash("sha256").update(body).digest("hex");
    return { ...nothing, textDigest: digest, structureDigest: digest, isEmpty: body.length === 0 };
  }
  const text = normalText(textOf(body, contentType), baseUrls);
  return { ...nothing, textDigest: sha256(text), structureDigest: sha256(type), isEmpty: text === "" };
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

/** What they contain is not read by visitors, or is a time, which is relative on many pages. */
const unread = new Set(["script", "style", "template", "noscript", "svg", "time", "relative-time", "time-ago"]);
const inline = new Set(
  "a abbr b bdi bdo cite code em font i kbd label mark q s small span strong sub sup u var wbr".split(" "),
);
const links: Record<string, string> = {
  a: "href",
  area: "href",
  img: "src",
  script: "src",
  iframe: "src",
  frame: "src",
  link: "href",
  form: "action",
  source: "src",
  video: "src",
};

function readHtml(source: string, robotsTag: string | undefined, address: string, baseUrls: string[]): Reading {
  const text: string[] = [];
  const structure = createHash("sha256");
  const robots = robotsTag ? [robotsTag] : [];
  const head: { title?: string; language?: string; canonical?: string; base?: string } = {};
  let [isTitle, hidden, hasPictures] = [false, 0, false];
  const parser = new Parser({
    onopentag: (name, attributes) => {
      if (unread.has(name)) hidden++;
      if (!inline.has(name)) text.push("\n");
      if (name === "title" && head.title === undefined && !hidden) [isTitle, head.title] = [true, ""];
      if (name === "html" && attributes.lang) head.language ??= attributes.lang;
      if (name === "base" && attributes.href) head.base ??= attributes.href;
      if (name === "meta" && attributes.name?.toLowerCase() === "robots") robots.push(attributes.content ?? "");
      if (name === "link" && attributes.href && /\bcanonical\b/i.test(attributes.rel ?? ""))
        head.canonical ??= attributes.href;
      if (/^(img|video|iframe|frame|canvas|object|svg)$/.test(name)) hasPictures = true;
      if (name === "img" && !hidden) text.push(` ${attributes.alt ?? ""} `);
      const link = attributes[links[name] ?? ""];
      structure.update(`<${name} ${link === undefined ? "" : normalAddress(link, baseUrls)}>`);
    },
    ontext: (part) => {
      if (isTitle) head.title += part;
      else if (!hidden) text.push(part);
    },
    onclosetag: (name) => {
      if (unread.has(name)) hidden = Math.max(0, hidden - 1);
      if (name === "title") isTitle = false;
      if (!inline.has(name)) text.push("\n");
    },
  });
  parser.end(source);
  const { title, language, canonical, base } = head;
  const words = normalText(text.join(""), baseUrls);
  return {
    title: (title ?? "").toWellFormed().replace(/\s+/g, " ").trim().slice(0, 500),
    language: language?.slice(0, 100) || null,
    canonical: canonical ? resolved(canonical, base, address) : null,
    robots: robots.length ? robots.join(", ").toLowerCase().slice(0, 500) : null,
    textDigest: sha256(`${normalText(title ?? "", baseUrls)}\n\n${words}`),
    structureDigest: structure.digest("hex"),
    isEmpty: words === "" && !hasPictures,
  };
}

function resolved(href: string, base: string | undefined, address: string): string {
  const from = (base && URL.parse(base, address)?.href) || address;
  return (URL.parse(href, from)?.href ?? href).slice(0, 2000);
}
