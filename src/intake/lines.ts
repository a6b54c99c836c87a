import { normalizeLine, type ReportLine, whyNotLine } from "../record/report.ts";
import { locate, webAddress } from "./addresses.ts";
import { labelOfLastChange } from "./last-change.ts";
import type { Notices, Unversioned } from "./notices.ts";

export interface ReadLine {
  /** The line number, from 1. */
  number: number;
  text: string;
  line?: ReportLine;
  /** When it took effect, as it is written there. */
  at?: string | undefined;
  /** Where its label comes from, if no version is written. */
  unversioned?: Unversioned;
  /** Why it cannot be recorded. */
  wrong?: string;
}

/** What is known besides the text. */
export interface IntakeContext {
  /** The base URLs of the environment's servers, which are taken off addresses. Asked only if there is an address. */
  baseUrls: () => string[] | Promise<string[]>;
  notices: Notices;
}

/** The fields of a line as they are written there. */
export type Written = Partial<Record<"kind" | "key" | "title" | "digest" | "source" | "notes", string>> & {
  /** null for a removal; undefined if there is none. */
  version?: string | null | undefined;
  /** When the page last changed. */
  lastmod?: string | undefined;
  at?: string | undefined;
  requires?: Record<string, string> | undefined;
};

/** A removal, as people write it in place of a version. */
export const orRemoval = (version: string | undefined): string | null | undefined =>
  version === "-" || version?.toLowerCase() === "removed" ? null : version;

/**
 * The line to record from what is written, with its key in the normal form. If `unversioned`, a page may do without a
 * version: its label is then the date of its last change, or `baseline`. Undefined if its address is on another host:
 * that is pointed out once for all such lines.
 */
export async function readLine(
  { number, text }: Pick<ReadLine, "number" | "text">,
  written: Written,
  unversioned: boolean,
  context: IntakeContext,
): Promise<ReadLine | undefined> {
  const key = await keyOf(written.key, context);
  if (key === otherHost) return;
  const { at, ...fields } = written;
  const read = checkLine({
    number,
    text,
    ...(at !== undefined && { at }),
    ...lineFrom({ ...fields, key }, unversioned),
  });
  if (!read.line || fields.version !== undefined) return read;
  const from = fields.lastmod ? "dated" : "baseline";
  context.notices.unversioned[from]++;
  return { ...read, unversioned: from };
}

const otherHost = Symbol("otherHost");

async function keyOf(
  key: string | undefined,
  { baseUrls, notices }: IntakeContext,
): Promise<string | typeof otherHost | undefined> {
  if (!key) return;
  const url = webAddress(key);
  // as browsers do; in a path, other programs write spaces as they are
  if (!url) return key.startsWith("/") ? key.replaceAll(" ", "%20") : key;
  const known = await baseUrls();
  if (!known.length) notices.assumedHost ??= url.host;
  const located = locate(key, known.length ? known : [`http://${notices.assumedHost}`]);
  if (located && "key" in located) return located.key;
  notices.otherHosts.set(url.host, (notices.otherHosts.get(url.host) ?? 0) + 1);
  return otherHost;
}

function lineFrom(
  { kind, key, version, lastmod, ...more }: Omit<Written, "key" | "at"> & { key: string | undefined },
  unversioned: boolean,
): { line: ReportLine } | { wrong: string } {
  const name = kind?.toLowerCase() ?? (key?.startsWith("/") ? "page" : undefined);
  const knownKind = name === "page" || name === "software" ? name : undefined;
  if (!knownKind)
    return { wrong: `A line must begin with page or software${kind ? `, not "${kind.slice(0, 40)}"` : ""}.` };
  if (!key) return { wrong: knownKind === "page" ? "The path is missing." : "The name is missing." };
  const label =
    version === undefined && unversioned && knownKind === "page" ? labelOfLastChange(lastmod ?? "baseline") : version;
  if (label === undefined) return { wrong: "The version is missing. Write - for a removal." };
  return { line: { kind: knownKind, key, version: label, ...more } };
}

function checkLine(read: ReadLine): ReadLine {
  if (!read.line) return read;
  const line = normalizeLine(read.line);
  const [, wrong] = whyNotLine(line) ?? [];
  return wrong ? { number: read.number, text: read.text, wrong } : { ...read, line };
}
