import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { Refusal } from "../errors.ts";
import type { ArtifactPosition } from "../record/artifact-batches.ts";
import { normalKey } from "../record/keys.ts";
import type { Kind } from "../schema.ts";
import { controlCharacters } from "../text.ts";

/** Which rows to show, as the address has it. */
export interface BoardFilter {
  text?: string | undefined;
  kind?: Kind | undefined;
  /** The first segment of a page's path; empty for the top level. */
  section?: string | undefined;
  /** The id of a person, or "nobody". */
  owner?: string | undefined;
  /** Rows whose versions differ between these two environments. */
  differs?: readonly [Environment, Environment] | undefined;
  waiting?: boolean | undefined;
  out_of_band?: boolean | undefined;
  unknown?: boolean | undefined;
  /** The rows with the latest change first, in place of by name. */
  order?: "latest" | undefined;
}

/** How many rows the list shows at first, and how many more each time. */
export const pageSize = 100;

const maxRows = 1000;

/** How many rows to show, from the address; undefined for the usual number. */
export function readRows(text: string | undefined): number | undefined {
  const rows = /^\d{1,6}$/.test(text ?? "") ? Math.min(Number(text), maxRows) : 0;
  return rows >= pageSize ? rows : undefined;
}

/** A row in the order by latest change: when it last changed anywhere, empty if it is nowhere recorded, and its id. */
export interface ChangePosition {
  at: string;
  id: string;
}

/** The last row of a page of the list. */
export type BoardPosition = ArtifactPosition | ChangePosition;

/** Reads the fields of an address or a form. Throws a Refusal with 400 or 404 for values that do not exist. */
export function readBoardFilter(site: Site, fields: Record<string, string | undefined>): BoardFilter {
  const field = (name: string) => fields[name]?.replace(new RegExp(controlCharacters, "g"), "").trim() || undefined;
  const section = field("section");
  return {
    text: searchText(field("text")),
    kind: readKind(field("kind")),
    section: section?.replace(/^\/|\/$/g, ""),
    owner: field("owner"),
    differs: readPair(site, field("differs")),
    waiting: field("waiting") === "1",
    out_of_band: field("out_of_band") === "1",
    unknown: field("unknown") === "1",
    order: field("order") === "latest" ? "latest" : undefined,
  };
}

/** An address pasted from a browser is reduced to its path. */
function searchText(text: string | undefined): string | undefined {
  const short = text?.slice(0, 2000);
  const url = /^https?:\/\//.test(short ?? "") ? URL.parse(short ?? "") : null;
  const path = url ? url.pathname : short;
  return path?.startsWith("/") ? normalKey("page", path) : path?.normalize("NFC");
}

function readKind(kind: string | undefined): Kind | undefined {
  if (kind === undefined || kind === "page" || kind === "software") return kind;
  throw new Refusal(400, `There is no kind "${kind.slice(0, 60)}". Use page or software.`);
}

function readPair(site: Site, slugs: string | undefined): [Environment, Environment] | undefined {
  if (!slugs) return;
  const [one, other, ...more] = slugs.split(",").map((slug) => environmentBySlug(site, slug.trim()));
  if (one && other && one !== other && !more.length) return one.position < other.position ? [one, other] : [other, one];
  throw new Refusal(400, "Name two environments to compare, such as differs=beta,demo.");
}

function environmentBySlug(site: Site, slug: string): Environment {
  const environment = site.environments.find((one) => one.slug === slug);
  if (environment) return environment;
  throw new Refusal(404, `There is no environment "${slug.slice(0, 60)}" on this site.`);
}

/** Reads `page:/about`, `page:sale/sale/shoes` (section, then key) or `software:checkout`; false if it is none of these. */
export function readPosition(text: string | undefined): ArtifactPosition | false | undefined {
  if (!text) return;
  const [, kind, section = "", key] = /^(?:(page):([^/]*)(\/.*)|software:(.+))$/s.exec(text) ?? [];
  if (controlCharacters.test(text)) return false;
  if (kind === "page" && key) return { kind, section, key };
  return text.startsWith("software:") && { kind: "software", section: "", key: text.slice("software:".length) };
}

/** The same in the order of a filter; of the latest changes `change:2026-03-03T10:00:00.000Z.<id>`. */
export function readBoardPosition({ order }: BoardFilter, text: string | undefined): BoardPosition | false | undefined {
  if (!order || !text) return readPosition(text);
  const [, at, id] = /^change:(\d[\dT:.-]{22}Z|)\.([\w-]{1,64})$/.exec(text) ?? [];
  return id !== undefined && at !== undefined && { at, id };
}

function positionText(position: BoardPosition): string {
  return "at" in position
    ? `change:${position.at}.${position.id}`
    : `${position.kind}:${position.section}${position.key}`;
}

/** The address of the board with this filter, beginning after this row, with this many rows. */
export function boardAddress(site: Site, filter: BoardFilter, after?: BoardPosition, rows?: number): string {
  const fields: [string, string | false | undefined][] = [
    ["text", filter.text],
    ["kind", filter.kind],
    ["section", filter.section !== undefined && `/${filter.section}`],
    ["owner", filter.owner],
    ["differs", filter.differs?.map((environment) => environment.slug).join(",")],
    ["waiting", filter.waiting && "1"],
    ["out_of_band", filter.out_of_band && "1"],
    ["unknown", filter.unknown && "1"],
    ["order", filter.order],
    ["after", after && positionText(after)],
    ["rows", rows ? String(Math.min(rows, maxRows)) : undefined],
  ];
  const query = new URLSearchParams(fields.filter((field): field is [string, string] => Boolean(field[1])));
  // slashes, commas and colons are allowed in a query, and easier to read unescaped
  const readable = query.toString().replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%3A/g, ":");
  return `/sites/${site.slug}${readable && `?${readable}`}`;
}

/** The filter and order without the state, which the chips set. */
export function filterScope({ text, kind, section, owner, order }: BoardFilter): BoardFilter {
  return { text, kind, section, owner, order };
}

export function isFiltered({ text, kind, section, owner, order: _order, ...state }: BoardFilter): boolean {
  const scope = [text, kind, section, owner];
  return scope.some((value) => value !== undefined) || Object.values(state).some(Boolean);
}
