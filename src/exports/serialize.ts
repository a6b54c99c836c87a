import type { Json } from "../database/canonical-json.ts";
import { yieldToEventLoop } from "../database/event-loop.ts";
import { byteOrderMark, csvLine } from "./csv.ts";

export const formats = ["csv", "jsonl"] as const;
export type Format = (typeof formats)[number];

export type ExportRow = { [column: string]: Json | undefined };

/** Rows, a page at a time, so that an export is never in memory as a whole. */
export interface Export {
  /** The columns of CSV, in this order. JSON lines have all fields of a row. */
  columns: readonly string[];
  pages: AsyncIterable<ExportRow[]>;
}

/**
 * The file in chunks, one for each page. Its last line counts the rows, so that a truncated file is noticed:
 * `{"end":true,"rows":12}`, and in CSV, which begins with a byte order mark, a record `end,12 rows` with as many cells as the others.
 */
export async function* serialize(format: Format, { columns, pages }: Export): AsyncGenerator<string> {
  const lineOf = format === "csv" ? (row: ExportRow) => csvLine(columns.map((column) => row[column])) : jsonLine;
  let [rows, head] = [0, format === "csv" ? byteOrderMark + csvLine(columns) : ""];
  for await (const page of pages) {
    rows += page.length;
    yield head + page.map(lineOf).join("");
    head = "";
    // SQLite answers synchronously, so that other requests only get their turn here
    await yieldToEventLoop();
  }
  const end = columns.map((_, i) => (i === 0 ? "end" : i === 1 ? `${rows} rows` : null));
  yield head + (format === "csv" ? csvLine(end) : jsonLine({ end: true, rows }));
}

const jsonLine = (row: ExportRow): string => `${JSON.stringify(row)}\n`;
