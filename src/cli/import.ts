import { canonicalJson, type Json } from "../database/canonical-json.ts";
import { sha256 } from "../database/ids.ts";
import type { RecordedDeployment } from "../deployments/record.ts";
import { Refusal } from "../errors.ts";
import { webAddress } from "../intake/addresses.ts";
import type { IntakeContext } from "../intake/lines.ts";
import { linesOfText, type TextLine } from "../intake/text-lines.ts";
import { fetchSitemap } from "../network/fetch-sitemap.ts";
import { titlesKeptInWords } from "../record/kept-titles.ts";
import type { DeploymentReport } from "../record/report.ts";
import { similarKeysInWords } from "../record/similar-keys.ts";
import { countOf, formatCount } from "../text.ts";
import { type Api, connect, siteOption } from "./client.ts";
import { type Command, CommandError, countOption, type Io, once, type Values } from "./command.ts";
import { encodingOption, intakeContext, linesIn, printNotices } from "./intake.ts";
import { progress } from "./progress.ts";
import { readDeployments } from "./read-deployments.ts";
import { refuseLines } from "./record.ts";
import type { ReadDeployment } from "./validate-deployment.ts";

export const importCommand: Command = {
  help: `sitebook import ENVIRONMENT FILE|ADDRESS [--baseline] [--allow-removals NUMBER]
                [--encoding windows-1252] [--site SLUG]

Records a file of many deployments, each with its own time, in any order. FILE has one of these formats:

  JSON lines, one deployment per line, as in the API:
    {"effective_at": "2026-03-03T14:00:00Z", "placements": [{"kind": "page", "key": "/sale", "version": "v3"}]}
  JSON lines in a short form, with null for removed:
    {"at": "2026-03-03T14:00:00Z", "pages": [["/sale", "v3"], ["/old", null]], "software": [["checkout", "3.4.1"]]}
  CSV or TSV, one placement per line, with - for removed; neighbouring lines with the same time are one deployment:
    effective_at,kind,key,version,title
    2026-03-03T14:00:00Z,page,/sale,v3,Sale
    2026-03-03T14:00:00Z,page,/old,-,
  an export of an environment, as CSV or JSON lines
  a sitemap, or a list of paths or web addresses: one deployment, from now on

In place of FILE it can be the ADDRESS of a sitemap on one of the environment's servers.

With --baseline, the file is what was already there when the record began: not out of band, and no promotion is needed.
A list, table or sitemap with more lines than a deployment can have (10,000) is then recorded as several baselines.
A deployment that is a complete list may remove as many as --allow-removals says (see sitebook record --help).

The file can be gzipped, and in UTF-8 or UTF-16, or with --encoding in Windows-1252. Unknown columns are named and
passed over. The whole file is checked first: if lines need fixing, they are named and nothing is recorded. You can run
the command again, also after it was interrupted: what has been recorded already is not recorded twice.`,
  options: { ...siteOption, ...encodingOption, baseline: { type: "boolean" }, "allow-removals": { type: "string" } },
  run: async ({ values, positionals }, io) => {
    const [environment, file, ...more] = positionals;
    if (!environment || !file || more.length)
      throw new CommandError("Name an environment and a file, like sitebook import beta history.jsonl.");
    const added = { baseline: values.baseline || undefined, allow_removals: countOption(values, "allow-removals") };
    const source = { ...importSource(environment, file, values, io), added };
    const total = await checkFile(source);
    printNotices(source.context, io);
    const totals = await sendAll(await source.api(), environment, source, total, io);
    return { text: sentence(environment, totals), json: totals };
  },
};

interface Source {
  file: string;
  /** Connects once, when it is first needed. */
  api: () => Promise<Api>;
  context: IntakeContext;
  /** All deployments from the start. */
  read: () => AsyncIterable<ReadDeployment>;
}

function importSource(environment: string, file: string, values: Values, io: Io): Source {
  const api = once(() => connect(values, io));
  const context = intakeContext(environment, api);
  const fetched = Boolean(webAddress(file));
  const baseline = Boolean(values.baseline);
  const maxPages = baseline ? maxBaselinePages : undefined;
  const lines = fetched ? sitemapLines(file, context, maxPages) : () => linesIn(file, values);
  const read = () => readDeployments(lines, context, { now: io.now().toISOString(), fetched, baseline });
  return { file, api, context, read };
}

/** Of a sitemap that is recorded in parts; all of it is in memory. */
const maxBaselinePages = 1_000_000;

/** The lines of the sitemap at an address, which is fetched once. */
function sitemapLines(
  address: string,
  { baseUrls }: IntakeContext,
  maxPages: number | undefined,
): () => AsyncGenerator<TextLine> {
  const fetched = once(async () => fetchSitemap(address, await baseUrls(), { maxPages }));
  return async function* lines() {
    yield* linesOfText(await fetched());
  };
}

const maxErrors = 20;

/** How many deployments the file has. Throws a Refusal with 422 that names the first lines that need fixing. */
async function checkFile({ file, read: readAll }: Source): Promise<number> {
  let [total, wrongLines] = [0, 0];
  const errors: { path: string; message: string }[] = [];
  for await (const read of readAll()) {
    if ("report" in read) total++;
    else {
      wrongLines++;
      const ofLine = read.wrong.map((why) => ({ path: String(read.line), message: `Line ${read.line}: ${why}` }));
      errors.push(...ofLine.slice(0, maxErrors - errors.length));
    }
  }
  refuseLines(wrongLines, errors, file);
  if (!total) throw new Refusal(422, `${file} contains no deployment.`);
  return total;
}

interface Totals extends Omit<RecordedDeployment, "number"> {
  deployments: number;
}

async function sendAll(
  api: Api,
  environment: string,
  source: Source & { added: object },
  total: number,
  io: Io,
): Promise<Totals> {
  const totals: Totals = { deployments: 0, changed: 0, unchanged: 0, removed: 0, out_of_band: 0 };
  const bar = progress(io);
  try {
    for await (const read of source.read()) {
      if (!("report" in read))
        throw new CommandError(`${source.file} was changed while it was read. Run the command again.`);
      const report = { ...read.report, ...source.added };
      const recorded = await send(api, environment, report).catch((error) => stopAt(error, read.line, totals, total));
      totals.deployments++;
      for (const name of ["changed", "unchanged", "removed", "out_of_band"] as const) totals[name] += recorded[name];
      if (recorded.titles_kept) totals.titles_kept = (totals.titles_kept ?? 0) + recorded.titles_kept;
      if (recorded.similar_keys) totals.similar_keys = [...(totals.similar_keys ?? []), ...recorded.similar_keys];
      bar.update(totals.deployments, total);
    }
  } finally {
    bar.end();
  }
  return totals;
}

/** The key is a hash of the deployment and its environment: the second time the server returns its first response. */
function send(api: Api, environment: string, report: DeploymentReport): Promise<RecordedDeployment> {
  const content: object = { site: api.site, environment, ...report };
  const key = sha256(canonicalJson(content as Json));
  const path = `/environments/${encodeURIComponent(environment)}/deployments`;
  return api.post(path, report, `import-${key}`);
}

function stopAt(error: unknown, line: number, { deployments }: Totals, total: number): never {
  if (error instanceof CommandError) throw new CommandError(`${error.message} ${howToContinue(deployments, total)}`);
  if (!(error instanceof Refusal) || [401, 404, 429].includes(error.status)) throw error;
  throw new Refusal(error.status, `Line ${line} was refused: ${error.message} ${howToContinue(deployments, total)}`, {
    errors: error.errors,
    ...(error.code && { code: error.code }),
  });
}

function howToContinue(done: number, total: number): string {
  if (!done) return "Fix that, then run the same command again.";
  const recorded = `${formatCount(done)} of ${countOf(total, "deployment")} recorded so far`;
  return `${recorded}. Run the same command again to continue.`;
}

function sentence(
  environment: string,
  { deployments, changed, unchanged, removed, out_of_band, titles_kept, similar_keys }: Totals,
): string {
  const similar = similar_keys ? ` ${similarKeysInWords(similar_keys)}` : "";
  const gone = removed ? `; ${formatCount(removed)} removed` : "";
  const outOfBand = out_of_band ? `, ${formatCount(out_of_band)} of them out of band` : "";
  const same = unchanged ? `; ${formatCount(unchanged)} unchanged` : "";
  return `${countOf(deployments, "deployment")} on ${environment}, with ${countOf(changed, "change")}${outOfBand}${gone}${same}.${titles_kept ? ` ${titlesKeptInWords(titles_kept)}` : ""}${similar}`;
}
