import { createReadStream } from "node:fs";
import { type CsvError, parse } from "csv-parse";
import { checkLine, columnAliases, lineFrom, tableColumns } from "../deployments/parse.ts";
import { Refusal } from "../errors.ts";
import { maxPlacements, type ReportLine } from "../record/report.ts";
import { type ReadDeployment, validateDeployment } from "./validate-deployment.ts";

interface Row {
  line: number;
  value: (column: string) => string | undefined;
}

/** One placement a line; those of one moment that stand together are one deployment. */
export async function* readTable(file: string, now: string, delimiter: string): AsyncGenerator<ReadDeployment> {
  let rows: Row[] = [];
  for await (const row of rowsOf(file, delimiter)) {
    if ("wrong" in row || row.value("effective_at") !== rows[0]?.value("effective_at")) {
      yield* deploymentOf(rows, now);
      rows = [];
    }
    if ("wrong" in row) yield row;
    else if (rows.length <= maxPlacements) rows.push(row); // one more than a deployment can have says that there are too many
  }
  yield* deploymentOf(rows, now);
}

async function* rowsOf(file: string, delimiter: string): AsyncGenerator<Row | { line: number; wrong: string[] }> {
  const options = { delimiter, bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true };
  const parser = createReadStream(file).pipe(parse(options));
  let names: string[] | undefined;
  try {
    for await (const { record: cells, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      if (names) yield rowOf(names, cells, info.lines);
      else names = heading(cells);
    }
  } catch (error) {
    if (!(error as CsvError).code?.startsWith("CSV_")) throw error;
    yield { line: parser.info.lines, wrong: ["A quotation mark is not closed, or stands where none may."] };
  }
}

function heading(cells: string[]): string[] {
  const known = ["effective_at", ...tableColumns];
  const names = cells.map((cell) => {
    const name = cell.toLowerCase();
    return name === "at" ? "effective_at" : (columnAliases[name] ?? name);
  });
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refusal(422, `There is no column "${unknown.slice(0, 60)}"; use ${known.join(", ")}.`);
  if (["effective_at", "key", "version"].every((name) => names.includes(name))) return names;
  throw new Refusal(422, "The first line names the columns; effective_at, key and version must be among them.");
}

function rowOf(names: string[], cells: string[], line: number): Row {
  return { line, value: (column) => cells[names.indexOf(column)] || undefined };
}

/** What the rows of one moment tell; nothing of it where one of them cannot be taken. */
function* deploymentOf(rows: Row[], now: string): Generator<ReadDeployment> {
  const [first] = rows;
  if (!first) return;
  const placements: ReportLine[] = [];
  const seen = new Map<string, number>();
  for (const { line: number, value } of rows) {
    const { line, wrong } = checkLine({
      number,
      text: "",
      ...lineFrom(value("kind"), value("key"), value("version"), value),
    });
    const name = `${line?.kind} ${line?.key}`;
    const before = line && seen.get(name);
    if (!line || before)
      yield { line: number, wrong: [wrong ?? `${line?.key} is named for this moment in line ${before} already.`] };
    else placements.push(line);
    seen.set(name, number);
  }
  if (placements.length < rows.length) return;
  yield validateDeployment(first.line, now, () => ({ effective_at: first.value("effective_at") ?? "", placements }));
}
