import { createHash } from "node:crypto";
import type { RE2JS } from "re2js";
import { sha256 } from "../database/ids.ts";
import { normalLines } from "./normalise.ts";
import { type Filter, type View, viewOf } from "./view.ts";

/** What a visitor reads of a page. */
export interface PageText {
  title: string;
  lines: string[];
  /** Where its links lead, each once, in their order. */
  links: string[];
  /** Whether there is a picture, a frame or the like. */
  hasPictures: boolean;
}

/** SHA-256 of what a visitor reads, with the title, and of the elements with their addresses. */
export interface Digests {
  text_digest: string;
  structure_digest: string;
}

const inline = new Set(
  "a abbr b bdi bdo cite code em font i kbd label mark q s small span strong sub sup u var wbr".split(" "),
);

const pictures = new Set("img video iframe frame canvas object svg".split(" "));

interface Walk {
  title: string | undefined;
  text: string[];
  links: Set<string>;
  structure: string[];
  hasPictures: boolean;
}

/** The text and digests of a page's content, without what the filter leaves out. */
export function readContent(content: string, filter: Filter): PageText & Digests {
  const walk: Walk = { title: undefined, text: [], links: new Set(), structure: [], hasPictures: false };
  walkThrough(viewOf(content, filter), walk);
  const title = masked(normalLines(walk.title ?? ""), filter.patterns).join(" ");
  const lines = masked(normalLines(walk.text.join("")), filter.patterns);
  return {
    title,
    lines,
    links: [...walk.links],
    hasPictures: walk.hasPictures,
    text_digest: sha256(`${title}\n\n${lines.join("\n")}`),
    structure_digest: createHash("sha256").update(walk.structure.join("")).digest("hex"),
  };
}

function walkThrough(view: View, walk: Walk): void {
  const { tag, address, alt, children } = view;
  if (tag === "title" && walk.title === undefined) {
    walk.title = children.filter((child) => typeof child === "string").join("");
    return;
  }
  const isBlock = tag !== "" && !inline.has(tag);
  if (isBlock) walk.text.push("\n");
  if (tag) walk.structure.push(`<${tag} ${address ?? ""}>`);
  if (pictures.has(tag)) walk.hasPictures = true;
  if ((tag === "a" || tag === "area") && address) walk.links.add(address);
  if (alt) walk.text.push(` ${alt} `);
  for (const child of children)
    if (typeof child === "string") walk.text.push(child);
    else walkThrough(child, walk);
  if (isBlock) walk.text.push("\n");
}

/** The lines without what the patterns match. */
function masked(lines: string[], patterns: RE2JS[]): string[] {
  if (!patterns.length) return lines;
  const without = (line: string) => patterns.reduce((rest, pattern) => pattern.matcher(rest).replaceAll(""), line);
  return lines.flatMap((line) => normalLines(without(line)));
}
