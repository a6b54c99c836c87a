import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { Refusal } from "../errors.ts";
import type { ArtifactPosition } from "../record/artifact-batches.ts";
import { normalKey } from "../record/keys.ts";
import type { Kind } from "../schema.ts";
import { controlCharacters } from "../text.ts";

/** Which rows to show. All of it stands in the address. */
export interface BoardFilter {
  text?: string | undefined;
  kind?: Kind | undefined;
  /** The first segment of a page's path; empty for the top level. */
  section?: string | undefined;
  owner?: string | undefined;
  /** Those whose versions differ between these two. */
  differs?: readonly [Environment, Environment] | undefined;
  waiting?: boolean | undefined;
  out_of_band?: boolean | undefined;
  unknown?: boolean | undefined;
}

/** Where a page of the list ended. */
export type BoardPosition = ArtifactPosition;

type Told = Record<string, string | undefined>;

/** Reads the fields of an address or a form. What cannot be meant is refused, not guessed. */
export function readBoardFilter(site: Site, told: Told): BoardFilter {
  const field = (name: string) => told[name]?.replace(new RegExp(controlCharacters, "g"), "").trim() || undefined;
  const section = field("section");
  return {
    text: searched(field("text")),
    kind: readKind(field("kind")),
    section: section?.replace(/^\/|\/$/g, ""),
    owner: field("owner"),
    differs: readPair(site, field("differs")),
    waiting: field("waiting") === "1",
    out_of_band: field("out_of_band") === "1",
    unknown: field("unknown") === "1",
  };
}

/** What was pasted from a browser's address bar is looked for as the path it is. */
function searched(text: string | undefined): string | undefined {
  const short = text?.slice(0, 2000);
  const url = /^https?:\/\//.test(short ?? "") ? URL.parse(short ?? "") : null;
  const path = url ? url.pathname : short;
  return path?.startsWith("/") ? normalKey("page", path) : path?.normalize("NFC");
}

function readKind(kind: string | undefined): Kind | undefined {
  if (kind === undefined || kind === "page" || kind === "software") return kind;
  throw new Refusal(400, `There is no kind "${kind.slice(0, 60)}": kind is page or software.`);
}

function readPair(site: Site, slugs: string | undefined): [Environment, Environment] | undefined {
  if (!slugs) return;
  const [one, other, ...more] = slugs.split(",").map((slug) => named(site, slug.trim()));
  if (one && other && one !== other && !more.length) return one.position < other.position ? [one, other] : [other, one];
  throw new Refusal(400, "Differences are between two environments; write them like differs=beta,demo.");
}

function named(site: Site, slug: string): Environment {
  const found = site.environments.find((one) => one.slug === slug);
  if (found) return found;
  throw new Refusal(404, `There is no environment "${slug.slice(0, 60)}" on this site.`);
}

/** `page:/about`, `page:sale/sale/shoes` (section, then key), `software:checkout`; false where it is none of these. */
export function readPosition(text: string | undefined): BoardPosition | false | undefined {
  if (!text) return;
  const [, kind, section = "", key] = /^(?:(page):([^/]*)(\/.*)|software:(.+))$/s.exec(text) ?? [];
  if (controlCharacters.test(text)) return false;
  if (kind === "page" && key) return { kind, section, key };
  return text.startsWith("software:") && { kind: "software", section: "", key: text.slice("software:".length) };
}

/** The address of the board so filtered, from there on. */
export function boardAddress(site: Site, filter: BoardFilter, after?: BoardPosition): string {
  const told: [string, string | false | undefined][] = [
    ["text", filter.text],
    ["kind", filter.kind],
    ["section", filter.section !== undefined && `/${filter.section}`],
    ["owner", filter.owner],
    ["differs", filter.differs?.map((one) => one.slug).join(",")],
    ["waiting", filter.waiting && "1"],
    ["out_of_band", filter.out_of_band && "1"],
    ["unknown", filter.unknown && "1"],
    ["after", after && `${after.kind}:${after.section}${after.key}`],
  ];
  const query = new URLSearchParams(told.filter((one): one is [string, string] => Boolean(one[1])));
  // slashes, commas and colons may stand in a query as they are, and read better so
  const readable = query.toString().replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%3A/g, ":");
  return `/sites/${site.slug}${readable && `?${readable}`}`;
}

/** Only what says which rows are looked among, without how they stand: the chips choose that. */
export function filterScope({ text, kind, section, owner }: BoardFilter): BoardFilter {
  return { text, kind, section, owner };
}

export function isFiltered({ text, kind, section, owner, ...standing }: BoardFilter): boolean {
  return [text, kind, section, owner].some((one) => one !== undefined) || Object.values(standing).some(Boolean);
}
