import { type CsvError, parse } from "csv-parse/sync";
import type { TextLine } from "./text-lines.ts";

export type Delimiter = "," | ";" | "\t" | "|";

export interface TableRecord {
  /** The number of its first line. */
  number: number;
  text: string;
  /** Undefined if it cannot be read; then `wrong` says why. */
  cells?: string[];
  wrong?: string;
}

/** A quotation mark that is not closed within as many lines spoils only its own line. */
const maxLines = 200;

/**
 * The records of a table as RFC 4180 defines them, also with another delimiter: a quoted cell may have line breaks.
 * Skips records without any text, and those that begin with #.
 */
export async function* tableRecords(
  lines: AsyncIterable<TextLine> | Iterable<TextLine>,
  delimiter: Delimiter,
): AsyncGenerator<TableRecord> {
  const open: TextLine[] = [];
  for await (const line of lines) {
    open.push(line);
    yield* closedRecords(open, delimiter, false);
  }
  yield* closedRecords(open, delimiter, true);
}

/** Removes from `open` the records that are complete; at the end of the table all. */
function* closedRecords(open: TextLine[], delimiter: Delimiter, end: boolean): Generator<TableRecord> {
  while (open.length) {
    const length = recordLength(open, delimiter);
    if (length === undefined && !end && open.length < maxLines) return;
    const { record, rest } = readRecord(open.splice(0, length ?? 1), delimiter, length === undefined);
    open.unshift(...rest);
    if (record) yield record;
  }
}

const notClosed = "A quotation mark is not closed, or is in the wrong place.";

/** Gives the lines back that would only belong to the record by a quotation mark in the wrong place. */
function readRecord(
  lines: TextLine[],
  delimiter: Delimiter,
  isOpen: boolean,
): { record?: TableRecord | undefined; rest: TextLine[] } {
  const [first, ...rest] = lines as [TextLine, ...TextLine[]];
  const text = lines.map((line) => line.text).join("\n");
  if (!text.trim() || text.startsWith("#")) return { rest: [] };
  const { number } = first;
  const wrong = lines.find((line) => line.wrong)?.wrong;
  if (wrong) return { record: { number, text, wrong }, rest: [] };
  const cells = isOpen ? undefined : cellsOf(text, delimiter, rest.length > 0);
  if (!cells) return { record: { number, text: first.text, wrong: notClosed }, rest };
  return { record: cells.some((cell) => cell.trim()) ? { number, text, cells } : undefined, rest: [] };
}

/** Within a line, a quotation mark may be a part of a cell; over several, only RFC 4180 says what was meant. */
function cellsOf(text: string, delimiter: Delimiter, strict: boolean): string[] | undefined {
  // a parser for each line costs more than all the rest
  if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
  try {
    return (parse(text, { delimiter, relax_column_count: true, relax_quotes: !strict, trim: true }) as string[][])[0];
  } catch (error) {
    if ((error as CsvError).code?.startsWith("CSV_")) return undefined;
    throw error;
  }
}

/** Of how many lines the first record is; undefined if its quotation marks are still open. */
function recordLength(lines: TextLine[], delimiter: Delimiter): number | undefined {
  let inQuotes = false;
  for (const [i, { text }] of lines.entries()) {
    inQuotes = endsInQuotes(text, delimiter, inQuotes);
    if (!inQuotes) return i + 1;
  }
  return undefined;
}

function endsInQuotes(text: string, delimiter: Delimiter, beginsInQuotes: boolean): boolean {
  const cellStart = /[ \t]*"/y;
  let [at, inQuotes] = [0, beginsInQuotes];
  for (;;) {
    if (!inQuotes) {
      cellStart.lastIndex = at;
      if (cellStart.test(text)) [at, inQuotes] = [cellStart.lastIndex, true];
    }
    if (inQuotes) {
      const end = closingQuote(text, delimiter, at);
      if (end === undefined) return true;
      [at, inQuotes] = [end, false];
    }
    const next = text.indexOf(delimiter, at);
    if (next < 0) return false;
    at = next + 1;
  }
}

/** After the quotation mark that closes a cell: another cell, or the end of the line, follows it. */
function closingQuote(text: string, delimiter: Delimiter, from: number): number | undefined {
  const cellEnd = new RegExp(`[ \\t]*(?:[${delimiter}]|$)`, "y");
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    cellEnd.lastIndex = at + 1;
    if (text[at + 1] === '"') at++;
    else if (cellEnd.test(text)) return at + 1;
  }
  return undefined;
}
