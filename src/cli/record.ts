import { readFile } from "node:fs/promises";
import { readLines, whyNotTextFile } from "../deployments/parse.ts";
import { Refusal } from "../errors.ts";
import type { ReportLine } from "../record/report.ts";
import { countOf } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, CommandError, countOption, type Io, option } from "./command.ts";

interface Recorded {
  number: number;
  changed: number;
  unchanged: number;
  removed: number;
  out_of_band: number;
}

export const recordCommand: Command = {
  help: `sitebook record ENVIRONMENT [LINE…] [--file FILE] [--at MOMENT] [--note TEXT] [--source TEXT]
                [--promotion NUMBER] [--complete] [--allow-removals NUMBER] [--baseline] [--key KEY] [--site SLUG]

Records one deployment. A LINE is "page /sale v3" or "software checkout 3.4.1", with - in place of the version if it was
removed. Without a LINE they are read from the file, or from standard input, also as CSV, TSV or JSON lines.

  --at MOMENT         when it happened, like 2026-03-03T14:00:00Z; now by default
  --promotion NUMBER  the promotion that allowed it
  --complete          the lines are the complete list: anything not listed is recorded as removed
  --allow-removals NUMBER
                      how many it may remove at most; without it, a complete list is refused if it is empty or would
                      remove more than ten and more than a fifth of what is there
  --baseline          it was already there when the record began: not out of band, and no promotion is needed
  --key KEY           makes repeating the command harmless: the same key records only once`,
  options: {
    ...siteOption,
    file: { type: "string" },
    at: { type: "string" },
    note: { type: "string" },
    source: { type: "string" },
    promotion: { type: "string" },
    complete: { type: "boolean" },
    "allow-removals": { type: "string" },
    baseline: { type: "boolean" },
    key: { type: "string" },
  },
  run: async ({ values, positionals }, io) => {
    const [environment, ...lines] = positionals;
    if (!environment)
      throw new CommandError('Name an environment and what was deployed, like sitebook record beta "page /sale v3".');
    const placements = placementsOf(await inputText(lines, option(values, "file"), io));
    const body = {
      effective_at: option(values, "at"),
      note: option(values, "note"),
      source: option(values, "source"),
      promotion: values.promotion === undefined ? undefined : Number(values.promotion),
      complete: values.complete || undefined,
      allow_removals: countOption(values, "allow-removals"),
      baseline: values.baseline || undefined,
      placements,
    };
    const api = await connect(values, io);
    const key = option(values, "key");
    const path = `/environments/${encodeURIComponent(environment)}/deployments`;
    const json = await api.post<Recorded>(path, body, key === undefined ? {} : { "idempotency-key": key });
    return { text: sentence(json, environment), json };
  },
};

async function inputText(lines: string[], file: string | undefined, io: Io): Promise<string> {
  if (lines.length && file !== undefined) throw new CommandError("Give either lines or a file, not both.");
  if (lines.length) return lines.join("\n");
  return file === undefined || file === "-" ? io.readStdin() : readText(file);
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CommandError(`${file} cannot be read: ${error.message}.`);
  });
  const wrong = whyNotTextFile(bytes);
  if (wrong) throw new Refusal(422, wrong);
  return bytes.toString();
}

/** Throws a Refusal with 422 that names each line that needs fixing; then nothing is sent. */
function placementsOf(text: string): ReportLine[] {
  const read = readLines(text);
  const errors = read.flatMap(({ number, wrong }) =>
    wrong ? [{ path: String(number), message: `Line ${number}: ${wrong}` }] : [],
  );
  if (errors.length) {
    const only = errors.length === 1 ? ` ${errors[0]?.message}` : "";
    throw new Refusal(422, `${linesNeedFixing(errors.length)}${only}`, { errors });
  }
  return read.flatMap(({ line }) => line ?? []);
}

export const linesNeedFixing = (lines: number): string =>
  `${countOf(lines, "line")} ${lines === 1 ? "needs" : "need"} fixing. Nothing was recorded.`;

function sentence({ number, changed, unchanged, removed, out_of_band }: Recorded, environment: string): string {
  const same = `${removed ? `, ${removed} removed` : ""}${unchanged ? `, ${unchanged} unchanged` : ""}`;
  const outOfBand = out_of_band ? ` ${out_of_band} out of band: no promotion covers this.` : "";
  return `Deployment ${number} on ${environment}: ${changed} changed${same}.${outOfBand}`;
}
