import { canonicalJson, type Json } from "../database/canonical-json.ts";
import { sha256 } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import type { DeploymentReport } from "../record/report.ts";
import { countOf, formatCount } from "../text.ts";
import { type Api, connect, siteOption } from "./client.ts";
import { type Command, CommandError, type Io } from "./command.ts";
import { progress } from "./progress.ts";
import { readDeployments } from "./read-deployments.ts";

export const importCommand: Command = {
  help: `sitebook import ENVIRONMENT FILE [--site SLUG]

Records a file of many deployments, each with its own time, in any order. FILE is one of

  JSON lines, one deployment a line, as the API takes it:
    {"effective_at": "2026-03-03T14:00:00Z", "placements": [{"kind": "page", "key": "/sale", "version": "v3"}]}
  or in short, where null is removed:
    {"at": "2026-03-03T14:00:00Z", "pages": [["/sale", "v3"], ["/old", null]], "software": [["checkout", "3.4.1"]]}
  CSV or TSV, one placement a line, those of one moment together, a minus sign where it was removed:
    effective_at,kind,key,version,title
    2026-03-03T14:00:00Z,page,/sale,v3,Sale
    2026-03-03T14:00:00Z,page,/old,-,

First the whole file is read: if a line cannot be taken, it is named and nothing is recorded. It may be run again, also
after it was stopped half-way: what is recorded already stays as it is.`,
  options: siteOption,
  run: async ({ values, positionals }, io) => {
    const [environment, file, ...more] = positionals;
    if (!environment || !file || more.length)
      throw new CommandError("Say an environment and a file, like sitebook import beta history.jsonl.");
    const all = await checkedThrough(file, io);
    const api = await connect(values, io);
    const sums = await sendAll(api, environment, file, all, io);
    return { text: sentence(environment, sums), json: sums };
  },
};

const mostNamed = 20;

/** How many deployments the file holds. Every line that cannot be taken is named, up to a number that can be read. */
async function checkedThrough(file: string, io: Io): Promise<number> {
  let [all, bad] = [0, 0];
  const wrong: { path: string; message: string }[] = [];
  for await (const read of readDeployments(file, io.now().toISOString())) {
    if ("report" in read) all++;
    else {
      bad++;
      const told = read.wrong.map((why) => ({ path: String(read.line), message: `Line ${read.line}: ${why}` }));
      wrong.push(...told.slice(0, mostNamed - wrong.length));
    }
  }
  if (bad)
    throw new Refusal(422, `${countOf(bad, "line")} of ${file} cannot be taken; nothing was recorded.`, {
      errors: wrong,
    });
  if (!all) throw new Refusal(422, `${file} holds no deployment.`);
  return all;
}

interface Sums {
  deployments: number;
  changed: number;
  unchanged: number;
  out_of_band: number;
}

async function sendAll(api: Api, environment: string, file: string, all: number, io: Io): Promise<Sums> {
  const sums: Sums = { deployments: 0, changed: 0, unchanged: 0, out_of_band: 0 };
  const bar = progress(io);
  try {
    for await (const read of readDeployments(file, io.now().toISOString())) {
      if (!("report" in read)) throw new CommandError(`${file} was changed while it was read. Run the command again.`);
      const recorded = await send(api, environment, read.report).catch((error) => stopAt(error, read.line, sums, all));
      sums.deployments++;
      for (const name of ["changed", "unchanged", "out_of_band"] as const) sums[name] += recorded[name];
      bar.at(sums.deployments, all);
    }
  } finally {
    bar.end();
  }
  return sums;
}

/** The key is made of what is recorded, and where: the second time the server gives its first answer again. */
function send(api: Api, environment: string, report: DeploymentReport): Promise<Omit<Sums, "deployments">> {
  const told: object = { site: api.site, environment, ...report };
  const key = sha256(canonicalJson(told as Json));
  const path = `/environments/${encodeURIComponent(environment)}/deployments`;
  return api.post(path, report, { "idempotency-key": `import-${key}` });
}

function stopAt(error: unknown, line: number, { deployments }: Sums, all: number): never {
  if (error instanceof CommandError) throw new CommandError(`${error.message} ${soFar(deployments, all)}`);
  if (!(error instanceof Refusal) || [401, 404, 429].includes(error.status)) throw error;
  throw new Refusal(error.status, `Line ${line} was refused: ${error.message} ${soFar(deployments, all)}`, {
    errors: error.errors,
  });
}

function soFar(done: number, all: number): string {
  if (!done) return "Run the same command again once that is put right.";
  const so = `${countOf(done, "deployment")} of ${formatCount(all)} ${done === 1 ? "is" : "are"} recorded`;
  return `${so}; run the same command again to go on.`;
}

function sentence(environment: string, { deployments, changed, unchanged, out_of_band }: Sums): string {
  const odd = out_of_band ? `, ${formatCount(out_of_band)} of them out of band` : "";
  const same = unchanged ? `; ${formatCount(unchanged)} stood there already` : "";
  return `${countOf(deployments, "deployment")} on ${environment}, with ${countOf(changed, "change")}${odd}${same}.`;
}
