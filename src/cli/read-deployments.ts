import { Refusal } from "../errors.ts";
import type { IntakeContext, ReadLine } from "../intake/lines.ts";
import type { Notices } from "../intake/notices.ts";
import { firstContent, formatOf, readLines } from "../intake/read-lines.ts";
import { repeatedLines } from "../intake/repeated.ts";
import type { TextLine } from "../intake/text-lines.ts";
import { maxPlacements } from "../record/report.ts";
import { isDeployment, readJsonLines } from "./read-json-lines.ts";
import { type ReadDeployment, validateDeployment } from "./validate-deployment.ts";

/**
 * Reads a file of deployments one by one, so that only one at a time is in memory. `fetched`: the lines are those of a sitemap,
 * as a table.
 */
export async function* readDeployments(
  lines: () => AsyncIterable<TextLine>,
  context: IntakeContext,
  now: string,
  fetched = false,
): AsyncGenerator<ReadDeployment> {
  const first = (await firstContent(lines()))?.text.trim() ?? "";
  const format = formatOf(first);
  if (format === "JSON lines" && isDeployment(first)) yield* readJsonLines(lines(), now);
  else
    yield* byTime(
      readLines(lines(), context),
      now,
      fetched || format === "sitemap" || format === "words",
      context.notices,
    );
}

/**
 * Neighbouring lines with the same time are one deployment. A sitemap and a list have no times, so that they are one
 * deployment from now on.
 */
async function* byTime(
  lines: AsyncIterable<ReadLine>,
  now: string,
  timeless: boolean,
  notices: Notices,
): AsyncGenerator<ReadDeployment> {
  let group: ReadLine[] = [];
  let time: string | undefined;
  let check = repeatedLines(notices, alreadyListed);
  for await (const line of lines) {
    if (line.wrong === undefined && line.at !== time) {
      time = line.at;
      check = repeatedLines(notices, alreadyListed);
    }
    const read = check(line);
    if (!read) continue;
    if (read.wrong !== undefined || read.at !== group[0]?.at) {
      yield* deploymentOf(group, now);
      group = [];
    }
    if (read.wrong !== undefined) yield { line: read.number, wrong: [read.wrong] };
    else if (read.at === undefined && !timeless) throw new Refusal(422, withoutTimes);
    else if (group.length <= maxPlacements) group.push(read); // one line too many is enough to refuse the deployment
  }
  yield* deploymentOf(group, now);
}

const alreadyListed = (key: string, earlier: number) => `${key} is listed for this time in line ${earlier} already.`;

const withoutTimes =
  "The columns must have effective_at, key and version among them. To record a file without times as one deployment, use sitebook record.";

/** The deployment of lines with the same time. */
function* deploymentOf(lines: ReadLine[], now: string): Generator<ReadDeployment> {
  const [first] = lines;
  if (!first) return;
  const { number, at } = first;
  const placements = lines.flatMap(({ line }) => line ?? []);
  yield validateDeployment(number, now, () => ({ ...(at !== undefined && { effective_at: at }), placements }));
}
