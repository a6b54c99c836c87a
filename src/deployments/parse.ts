import { type CsvError, parse } from "csv-parse/sync";
import { normalizeLine, type ReportLine, whyNotLine } from "../record/report.ts";

export interface ReadLine {
  /** As an editor counts, from 1. */
  number: number;
  text: string;
  line?: ReportLine;
  /** Why it cannot be taken. */
  wrong?: string;
}

/**
 * Reads what people paste or upload, line by line: `page /path version` or `software name version`, CSV or TSV with or
 * without a heading, or JSON lines. Keys come out in their normal form. Blank lines and lines that begin with # are left out.
 */
export function readLines(text: string): ReadLine[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const kept = lines
    .map((line, i) => ({ number: i + 1, text: line.trim() }))
    .filter((line) => line.text && !line.text.startsWith("#"));
  const delimiter = delimiterOf(kept[0]?.text ?? "");
  const read = kept[0]?.text.startsWith("{")
    ? kept.map(readJson)
    : delimiter
      ? readTable(kept, delimiter)
      : kept.map(readWords);
  return repeated(read.map(checkLine));
}

/** Text that is no text: a picture, a spreadsheet's own format. */
export function whyNotTextFile(bytes: Uint8Array): string | undefined {
  const wrong = "That file is not text. Save it as CSV or TSV, or as JSON lines, in UTF-8.";
  if (bytes.includes(0)) return wrong;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return wrong;
  }
}

/** Whichever of tab, semicolon and comma comes first on the first line; none where it is written in words. */
function delimiterOf(first: string): string | undefined {
  if (/^((page|software) |\/)/i.test(first)) return;
  return /[\t;,]/.exec(first)?.[0];
}

type Kept = { number: number; text: string };
export const tableColumns = ["kind", "key", "version", "title", "digest", "source", "notes"] as const;
export const columnAliases: Record<string, string> = { path: "key", name: "key", type: "kind", page: "key" };

function readTable(kept: Kept[], delimiter: string): ReadLine[] {
  const rows = kept.map((one) => ({ ...one, cells: cellsOf(one.text, delimiter) }));
  const first = rows[0]?.cells?.map((cell) => columnAliases[cell.toLowerCase()] ?? cell.toLowerCase());
  const headed = first?.includes("key") && first.includes("version");
  const names = headed ? first : [...tableColumns];
  return (headed ? rows.slice(1) : rows).map(({ number, text, cells }) => {
    if (!cells) return { number, text, wrong: "A quotation mark is not closed." };
    const unknown = headed && names?.find((name) => !tableColumns.includes(name as never));
    if (unknown) return { number, text, wrong: `There is no column "${unknown}"; use ${tableColumns.join(", ")}.` };
    const value = (name: string) => cells[names?.indexOf(name) ?? -1]?.trim() || undefined;
    return { number, text, ...lineFrom(value("kind"), value("key"), value("version"), value) };
  });
}

function cellsOf(text: string, delimiter: string): string[] | undefined {
  try {
    return (parse(text, { delimiter, relax_column_count: true, trim: true }) as string[][])[0];
  } catch (error) {
    if ((error as CsvError).code) return undefined;
    throw error;
  }
}

/** `page /sale v3`, or shorter `/sale v3`, which can only be a page. */
function readWords({ number, text }: Kept): ReadLine {
  const words = text.split(/\s+/);
  if (words[0]?.startsWith("/")) words.unshift("page");
  if (words.length > 3)
    return { number, text, wrong: "There is more on this line than kind, path or name, and version." };
  return { number, text, ...lineFrom(words[0], words[1], words[2]) };
}

function readJson({ number, text }: Kept): ReadLine {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { number, text, wrong: "This is not JSON; each line holds one object." };
  }
  const told = (name: string) =>
    typeof value[name] === "string" || typeof value[name] === "number" ? String(value[name]) : undefined;
  const version = value.version === null ? "-" : told("version");
  const read = lineFrom(told("kind"), told("key") ?? told("path") ?? told("name"), version, told);
  if ("line" in read && value.requires !== undefined) {
    if (!isRanges(value.requires))
      return {
        number,
        text,
        wrong: 'requires is an object of names and ranges, like {"checkout-service": ">=3.2 <4"}.',
      };
    read.line.requires = value.requires;
  }
  return { number, text, ...read };
}

function isRanges(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((range) => typeof range === "string")
  );
}

export function lineFrom(
  kind: string | undefined,
  key: string | undefined,
  version: string | undefined,
  more: (name: string) => string | undefined = () => undefined,
): { line: ReportLine } | { wrong: string } {
  const told = kind?.toLowerCase() ?? (key?.startsWith("/") ? "page" : undefined);
  const known = told === "page" || told === "software" ? told : undefined;
  if (!known) return { wrong: `A line begins with page or software${kind ? `, not "${kind.slice(0, 40)}"` : ""}.` };
  if (!key) return { wrong: known === "page" ? "The path is missing." : "The name is missing." };
  if (!version) return { wrong: "The version is missing; write - where it was removed." };
  const gone = version === "-" || version.toLowerCase() === "removed";
  const line: ReportLine = { kind: known, key, version: gone ? null : version };
  for (const name of ["title", "digest", "source", "notes"] as const) {
    const value = more(name);
    if (value !== undefined) line[name] = value;
  }
  return { line };
}

export function checkLine(read: ReadLine): ReadLine {
  if (!read.line) return read;
  const line = normalizeLine(read.line);
  const [, wrong] = whyNotLine(line) ?? [];
  return wrong ? { number: read.number, text: read.text, wrong } : { ...read, line };
}

/** One deployment says one thing of each: the second time is named. */
function repeated(read: ReadLine[]): ReadLine[] {
  const seen = new Map<string, number>();
  return read.map((one) => {
    if (!one.line) return one;
    const name = `${one.line.kind} ${one.line.key}`;
    const first = seen.get(name);
    if (first !== undefined)
      return { number: one.number, text: one.text, wrong: `${one.line.key} is named already in line ${first}.` };
    seen.set(name, one.number);
    return one;
  });
}
