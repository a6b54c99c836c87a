import type { RecordedDeployment } from "../deployments/record.ts";
import { type FieldError, Refusal } from "../errors.ts";
import { webAddress } from "../intake/addresses.ts";
import type { IntakeContext } from "../intake/lines.ts";
import { readLines } from "../intake/read-lines.ts";
import { refuseRepeated } from "../intake/repeated.ts";
import { linesOfText, type TextLine } from "../intake/text-lines.ts";
import { fetchSitemap } from "../network/fetch-sitemap.ts";
import { titlesKeptInWords } from "../record/kept-titles.ts";
import type { ReportLine } from "../record/report.ts";
import { similarKeysInWords } from "../record/similar-keys.ts";
import { countOf } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, CommandError, countOption, type Io, once, option, type Values } from "./command.ts";
import { encodingOption, intakeContext, linesIn, printNotices } from "./intake.ts";

export const recordCommand: Command = {
  help: `sitebook record ENVIRONMENT [LINE…] [--file FILE] [--at MOMENT] [--note TEXT] [--source TEXT]
                [--promotion NUMBER] [--complete] [--allow-removals NUMBER] [--baseline] [--key KEY]
                [--encoding windows-1252] [--site SLUG]

Records one deployment. A LINE is "page /sale v3" or "software checkout 3.4.1", with - in place of the version if it was
removed. Without a LINE they are read from the file, or from standard input: as such lines, a list of paths or web
addresses, CSV or TSV with the usual headings, JSON lines, an export of an environment, or a sitemap, also gzipped. FILE
can be the address of a sitemap on one of the environment's servers. A page without a version gets the date of its last
change, or "baseline". Unknown columns are named and passed over.

  --at MOMENT         when it happened, like 2026-03-03T14:00:00Z; now by default
  --promotion NUMBER  the promotion that allowed it
  --complete          the lines are the complete list: anything not listed is recorded as removed
  --allow-removals NUMBER
                      how many it may remove at most; without it, a complete list is refused if it is empty or would
                      remove more than ten and more than a fifth of what is there
  --baseline          it was already there when the record began: not out of band, and no promotion is needed
  --key KEY           makes repeating the command harmless: the same key records only once
  --encoding NAME     windows-1252, if the file is in that; UTF-8 and UTF-16 are recognised`,
  options: {
    ...siteOption,
    ...encodingOption,
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
    const api = once(() => connect(values, io));
    const context = intakeContext(environment, api);
    const placements = await placementsOf(inputLines(lines, values, context, io), context);
    printNotices(context, io);
    const body = {
      effective_at: option(values, "at"),
      note: option(values, "note"),
      source: option(values, "source"),
      promotion: promotionNumber(option(values, "promotion")),
      complete: values.complete || undefined,
      allow_removals: countOption(values, "allow-removals"),
      baseline: values.baseline || undefined,
      placements,
    };
    const path = `/environments/${encodeURIComponent(environment)}/deployments`;
    const json = await (await api()).post<RecordedDeployment>(path, body, option(values, "key"));
    return { text: sentence(json, environment), json };
  },
};

function promotionNumber(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new CommandError(`"${text.slice(0, 60)}" is not the number of a promotion.`);
}

async function* inputLines(
  lines: string[],
  values: Values,
  { baseUrls }: IntakeContext,
  io: Io,
): AsyncGenerator<TextLine> {
  const file = option(values, "file");
  if (lines.length && file !== undefined) throw new CommandError("Give either lines or a file, not both.");
  if (lines.length) yield* linesOfText(lines.join("\n"));
  else if (file !== undefined && webAddress(file)) yield* linesOfText(await fetchSitemap(file, await baseUrls()));
  else yield* linesIn(file === undefined || file === "-" ? [await io.readStdin()] : file, values);
}

/** Throws a Refusal with 422 that names each line that needs fixing; then nothing is sent. */
async function placementsOf(lines: AsyncIterable<TextLine>, context: IntakeContext): Promise<ReportLine[]> {
  const read = refuseRepeated(await Array.fromAsync(readLines(lines, context)), context.notices);
  const errors = read.flatMap(({ number, wrong }) =>
    wrong ? [{ path: String(number), message: `Line ${number}: ${wrong}` }] : [],
  );
  refuseLines(errors.length, errors);
  return read.flatMap(({ line }) => line ?? []);
}

/** Throws a Refusal with 422 if there are lines to fix. It names them: a single one in its sentence. */
export function refuseLines(lines: number, errors: FieldError[], file?: string): void {
  if (!lines) return;
  const only = errors.length === 1 ? ` ${errors[0]?.message}` : "";
  const sentence = `${countOf(lines, "line")} ${lines === 1 ? "needs" : "need"} fixing. Nothing was recorded.${only}`;
  throw new Refusal(422, file === undefined ? sentence : `${file}: ${sentence}`, { errors });
}

/** "Deployment 4 on live: 3 changed, 1 removed." */
export function sentence(
  { number, changed, unchanged, removed, out_of_band, titles_kept, similar_keys = [] }: RecordedDeployment,
  environment: string,
): string {
  const same = `${removed ? `, ${removed} removed` : ""}${unchanged ? `, ${unchanged} unchanged` : ""}`;
  const outOfBand = out_of_band ? ` ${out_of_band} out of band: no promotion covers this.` : "";
  const titles = titles_kept ? ` ${titlesKeptInWords(titles_kept)}` : "";
  const similar = similar_keys.length ? ` ${similarKeysInWords(similar_keys)}` : "";
  return `Deployment ${number} on ${environment}: ${changed} changed${same}.${outOfBand}${titles}${similar}`;
}
