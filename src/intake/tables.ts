import { Refusal } from "../errors.ts";
import { type Columns, columnsByPosition, type Field, readColumns } from "./columns.ts";
import { type IntakeContext, orRemoval, type ReadLine, readLine, type Written } from "./lines.ts";
import { type Delimiter, tableRecords } from "./records.ts";
import type { TextLine } from "./text-lines.ts";

/** Reads a table. Its first line may name the columns; those that mean nothing here are pointed out. */
export async function* readTable(
  lines: AsyncIterable<TextLine>,
  delimiter: Delimiter,
  context: IntakeContext,
): AsyncGenerator<ReadLine> {
  let columns: Columns | undefined;
  const { notices } = context;
  for await (const { number, text, cells, wrong } of tableRecords(lines, delimiter)) {
    if (!cells) {
      yield { number, text, wrong: wrong ?? "" };
      continue;
    }
    if (!columns) {
      const named = readColumns(cells);
      if (!named && !looksLikeLine(cells)) throw new Refusal(422, noKeyColumn);
      columns = named ?? columnsByPosition(cells);
      for (const name of columns.unknown) notices.columns.add(name);
      if (named) continue;
    }
    const [, promised] = (columns.exported && cells[0] === "end" && /^(\d+) rows$/.exec(cells[1] ?? "")) || [];
    if (promised) notices.rows.promised = Number(promised);
    else yield* await readCells({ number, text, cells }, columns, context);
  }
}

const noKeyColumn =
  "The first line names no column with the path or address of a page, or the name of software. Call that column key, path or URL, or for software package or component, beside one called version.";

const looksLikeLine = (cells: string[]): boolean => /^(page|software)$/i.test(cells[0] ?? "") || cells.some(isAddress);

const isAddress = (cell = ""): boolean => /^(\/|https?:\/\/)/i.test(cell);

async function readCells(
  { number, text, cells }: { number: number; text: string; cells: string[] },
  columns: Columns,
  context: IntakeContext,
): Promise<ReadLine[]> {
  context.notices.rows.read++;
  const line = await readLine(
    { number, text },
    writtenIn(cells, columns),
    columns.fields.version === undefined,
    context,
  );
  return line ? [line] : [];
}

function writtenIn(cells: string[], { fields, kind, exported }: Columns): Written {
  const value = (field: Field): string | undefined => {
    const cell = cells[fields[field] ?? -1]?.trim();
    const text = exported ? cell?.replace(/^'(?='*[=+\-@＝＋－＠])/, "") : cell;
    return (field === "notes" ? text : text?.replace(/\s*[\r\n]+\s*/g, " ")) || undefined;
  };
  const isRemoval = cells[fields.version ?? -1]?.trim() === "-";
  const key = value("key");
  const type = value("type"); // what another program calls the type of a page is seldom this kind
  const written = {
    kind: value("kind") ?? (/^(page|software)$/i.test(type ?? "") ? type : isAddress(key) ? undefined : kind),
    key,
    version: isRemoval ? null : exported ? value("version") : orRemoval(value("version")),
    title: value("title"),
    digest: value("digest"),
    source: value("source"),
    notes: value("notes"),
    lastmod: value("lastmod"),
    at: fields.effective_at === undefined ? undefined : (value("effective_at") ?? ""),
  };
  return Object.fromEntries(Object.entries(written).filter(([, text]) => text !== undefined));
}
