import { readFile } from "node:fs/promises";
import { readLines, whyNotTextFile } from "../deployments/parse.ts";
import { Refusal } from "../errors.ts";
import type { ReportLine } from "../record/report.ts";
import { countOf } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, CommandError, type Io, option } from "./command.ts";

interface Recorded {
  number: number;
  changed: number;
  unchanged: number;
  out_of_band: number;
}

export const recordCommand: Command = {
  help: `sitebook record ENVIRONMENT [LINE…] [--file FILE] [--at MOMENT] [--note TEXT] [--source TEXT]
                [--promotion NUMBER] [--complete] [--key KEY] [--site SLUG]

Records one deployment. A line is "page /sale v3" or "software checkout 3.4.1"; a minus sign in place of the version says
that it was removed. Without lines they are read from the file, or from standard input, also as CSV, TSV or JSON lines.

  --at MOMENT         since when it was so, like 2026-03-03T14:00:00Z; now where it is missing
  --promotion NUMBER  the promotion that allowed it
  --complete          the lines are all there is: what they do not name was removed
  --key KEY           makes repeating the command harmless: the same key records once`,
  options: {
    ...siteOption,
    file: { type: "string" },
    at: { type: "string" },
    note: { type: "string" },
    source: { type: "string" },
    promotion: { type: "string" },
    complete: { type: "boolean" },
    key: { type: "string" },
  },
  run: async ({ values, positionals }, io) => {
    const [environment, ...lines] = positionals;
    if (!environment) throw new CommandError('Say where, and what: sitebook record beta "page /sale v3".');
    const placements = placementsOf(await told(lines, option(values, "file"), io));
    const body = {
      effective_at: option(values, "at"),
      note: option(values, "note"),
      source: option(values, "source"),
      promotion: values.promotion === undefined ? undefined : Number(values.promotion),
      complete: values.complete || undefined,
      placements,
    };
    const api = await connect(values, io);
    const key = option(values, "key");
    const path = `/environments/${encodeURIComponent(environment)}/deployments`;
    const json = await api.post<Recorded>(path, body, key === undefined ? {} : { "idempotency-key": key });
    return { text: sentence(json, environment), json };
  },
};

async function told(lines: string[], file: string | undefined, io: Io): Promise<string> {
  if (lines.length && file !== undefined) throw new CommandError("Say the lines, or a file that holds them, not both.");
  if (lines.length) return lines.join("\n");
  return file === undefined || file === "-" ? io.read() : readText(file);
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CommandError(`${file} cannot be read: ${error.message}.`);
  });
  const wrong = whyNotTextFile(bytes);
  if (wrong) throw new Refusal(422, wrong);
  return bytes.toString();
}

/** Names every line that cannot be taken; then nothing is sent. */
function placementsOf(text: string): ReportLine[] {
  const read = readLines(text);
  const wrong = read.flatMap(({ number, wrong }) =>
    wrong ? [{ path: String(number), message: `Line ${number}: ${wrong}` }] : [],
  );
  if (wrong.length)
    throw new Refusal(
      422,
      `${countOf(wrong.length, "line")} cannot be taken; nothing was recorded.${wrong.length === 1 ? ` ${wrong[0]?.message}` : ""}`,
      { errors: wrong },
    );
  return read.flatMap(({ line }) => line ?? []);
}

function sentence({ number, changed, unchanged, out_of_band }: Recorded, environment: string): string {
  const same = unchanged ? `, ${unchanged} stood there already` : "";
  const odd = out_of_band ? ` ${out_of_band} out of band: no promotion allowed it.` : "";
  return `Deployment ${number} on ${environment}: ${changed} changed${same}.${odd}`;
}
