import { type CsvError, parse } from "csv-parse/sync";
import { normalizeLine, type ReportLine, whyNotLine } from "../record/report.ts";
import { artifactKey } from "../text.ts";

export interface ReadLine {
  /** The line number, from 1. */
  number: number;
  text: string;
  line?: ReportLine;
  /** Why it cannot be recorded. */
  wrong?: string;
}

/**
 * Reads pasted or uploaded lines: `page /path version` or `software name version`, CSV or TSV with or without a header,
 * or JSON lines. Skips blank lines and lines that begin with #. Returns keys in their normal form.
 */
export function readLines(text: string): ReadLine[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const contentLines = lines
    .map((line, i) => ({ number: i + 1, text: line.trim() }))
    .filter((line) => line.text && !line.text.startsWith("#"));
  const delimiter = delimiterOf(contentLines[0]?.text ?? "");
  const read = contentLines[0]?.text.startsWith("{")
    ? contentLines.map(readJson)
    : delimiter
      ? readTable(contentLines, delimiter)
      : contentLines.map(readWords);
  return refuseRepeated(read.map(checkLine));
}

/** Why an uploaded file is not text, but an image or a spreadsheet's own format, say; undefined if it is text. */
export function whyNotTextFile(bytes: Uint8Array): string | undefined {
  const wrong = "This file is not text. Save it as CSV, TSV or JSON lines, in UTF-8.";
  if (bytes.includes(0)) return wrong;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return wrong;
  }
}

/** The first tab, semicolon or comma of the first line; undefined if the line is written as words. */
function delimiterOf(first: string): string | undefined {
  if (/^((page|software) |\/)/i.test(first)) return;
  return /[\t;,]/.exec(first)?.[0];
}

type TextLine = { number: number; text: string };
export const tableColumns = ["kind", "key", "version", "title", "digest", "source", "notes"] as const;
export const columnAliases: Record<string, string> = { path: "key", name: "key", type: "kind", page: "key" };

function readTable(lines: TextLine[], delimiter: string): ReadLine[] {
  const rows = lines.map((line) => ({ ...line, cells: cellsOf(line.text, delimiter) }));
  const first = rows[0]?.cells?.map((cell) => columnAliases[cell.toLowerCase()] ?? cell.toLowerCase());
  const hasHeader = first?.includes("key") && first.includes("version");
  const names = hasHeader ? first : [...tableColumns];
  return (hasHeader ? rows.slice(1) : rows).map(({ number, text, cells }) => {
    if (!cells) return { number, text, wrong: "A quotation mark is not closed." };
    const unknown = hasHeader && names?.find((name) => !tableColumns.includes(name as never));
    if (unknown)
      return {
        number,
        text,
        wrong: `Unknown column "${unknown.slice(0, 60)}". The columns are ${tableColumns.join(", ")}.`,
      };
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
function readWords({ number, text }: TextLine): ReadLine {
  const words = text.split(/\s+/);
  if (words[0]?.startsWith("/")) words.unshift("page");
  if (words.length > 3)
    return { number, text, wrong: "This line has more than a kind, a path or name, and a version. Remove the rest." };
  return { number, text, ...lineFrom(words[0], words[1], words[2]) };
}

function readJson({ number, text }: TextLine): ReadLine {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { number, text, wrong: "This is not JSON. Write one object per line." };
  }
  const textOf = (name: string) =>
    typeof value[name] === "string" || typeof value[name] === "number" ? String(value[name]) : undefined;
  const version = value.version === null ? "-" : textOf("version");
  const read = lineFrom(textOf("kind"), textOf("key") ?? textOf("path") ?? textOf("name"), version, textOf);
  if ("line" in read && value.requires !== undefined) {
    if (!isRanges(value.requires))
      return {
        number,
        text,
        wrong: 'requires must be an object of names and ranges, such as {"checkout-service": ">=3.2 <4"}.',
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
  const name = kind?.toLowerCase() ?? (key?.startsWith("/") ? "page" : undefined);
  const knownKind = name === "page" || name === "software" ? name : undefined;
  if (!knownKind)
    return { wrong: `A line must begin with page or software${kind ? `, not "${kind.slice(0, 40)}"` : ""}.` };
  if (!key) return { wrong: knownKind === "page" ? "The path is missing." : "The name is missing." };
  if (!version) return { wrong: "The version is missing. Write - for a removal." };
  const removed = version === "-" || version.toLowerCase() === "removed";
  const line: ReportLine = { kind: knownKind, key, version: removed ? null : version };
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

/** A deployment can list each page and software item only once. */
function refuseRepeated(lines: ReadLine[]): ReadLine[] {
  const seen = new Map<string, number>();
  return lines.map((read) => {
    if (!read.line) return read;
    const artifact = artifactKey(read.line);
    const first = seen.get(artifact);
    if (first !== undefined)
      return { number: read.number, text: read.text, wrong: `${read.line.key} is already listed in line ${first}.` };
    seen.set(artifact, read.number);
    return read;
  });
}
