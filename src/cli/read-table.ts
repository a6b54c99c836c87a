import { createReadStream } from "node:fs";
import { type CsvError, parse } from "csv-parse";
import { checkLine, columnAliases, lineFrom, tableColumns } from "../deployments/parse.ts";
import { Refusal } from "../errors.ts";
import { maxPlacements, type ReportLine } from "../record/report.ts";
import { artifactKey } from "../text.ts";
import { type ReadDeployment, validateDeployment } from "./validate-deployment.ts";

interface Row {
  line: number;
  value: (column: string) => string | undefined;
}

/** Reads a table with one placement per line. Neighbouring lines with the same time are one deployment. */
export async function* readTable(file: string, now: string, delimiter: string): AsyncGenerator<ReadDeployment> {
  let rows: Row[] = [];
  for await (const row of rowsOf(file, delimiter)) {
    if ("wrong" in row || row.value("effective_at") !== rows[0]?.value("effective_at")) {
      yield* deploymentOf(rows, now);
      rows = [];
    }
    if ("wrong" in row) yield row;
    else if (rows.length <= maxPlacements) rows.push(row); // one line too many is enough to refuse the deployment
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
      else names = columnNames(cells);
    }
  } catch (error) {
    if (!(error as CsvError).code?.startsWith("CSV_")) throw error;
    yield { line: parser.info.lines, wrong: ["A quotation mark is not closed, or is in the wrong place."] };
  }
}

function columnNames(cells: string[]): string[] {
  const known = ["effective_at", ...tableColumns];
  const names = cells.map((cell) => {
    const name = cell.toLowerCase();
    return name === "at" ? "effective_at" : (columnAliases[name] ?? name);
  });
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refusal(422, `Unknown column "${unknown.slice(0, 60)}". The columns are ${known.join(", ")}.`);
  if (["effective_at", "key", "version"].every((name) => names.includes(name))) return names;
  throw new Refusal(422, "The first line must name the columns, with effective_at, key and version among them.");
}

function rowOf(names: string[], cells: string[], line: number): Row {
  return { line, value: (column) => cells[names.indexOf(column)] || undefined };
}

/** The deployment of rows with the same time; if a row needs fixing, only the errors. */
function* deploymentOf(rows: Row[], now: string): Generator<ReadDeployment> {
  const [first] = rows;
  if (!first) return;
  const placements: ReportLine[] = [];
  const lineByArtifact = new Map<string, number>();
  for (const { line: number, value } of rows) {
    const { line, wrong } = checkLine({
      number,
      text: "",
      ...lineFrom(value("kind"), value("key"), value("version"), value),
    });
    const earlier = line && lineByArtifact.get(artifactKey(line));
    if (!line || earlier)
      yield { line: number, wrong: [wrong ?? `${line?.key} is listed for this time in line ${earlier} already.`] };
    else placements.push(line);
    if (line) lineByArtifact.set(artifactKey(line), number);
  }
  if (placements.length < rows.length) return;
  yield validateDeployment(first.line, now, () => ({ effective_at: first.value("effective_at") ?? "", placements }));
}
