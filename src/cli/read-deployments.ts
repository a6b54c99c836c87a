import { Refusal } from "../errors.ts";
import type { IntakeContext, ReadLine } from "../intake/lines.ts";
import type { Notices } from "../intake/notices.ts";
import { firstContent, formatOf, readLines } from "../intake/read-lines.ts";
import { repeatedLines } from "../intake/repeated.ts";
import type { TextLine } from "../intake/text-lines.ts";
import { maxPlacements } from "../record/report.ts";
import { formatCount } from "../text.ts";
import { isDeployment, readJsonLines } from "./read-json-lines.ts";
import { type ReadDeployment, validateDeployment } from "./validate-deployment.ts";

interface Reading {
  now: string;
  /** The lines are those of a sitemap, as a table. */
  fetched: boolean;
  /** What was already there may be recorded in several parts, as none of it replaces another. */
  baseline: boolean;
}

/** Reads a file of deployments one by one, so that only one at a time is in memory. */
export async function* readDeployments(
  lines: () => AsyncIterable<TextLine>,
  context: IntakeContext,
  { now, fetched, baseline }: Reading,
): AsyncGenerator<ReadDeployment> {
  const first = (await firstContent(lines()))?.text.trim() ?? "";
  const format = formatOf(first);
  if (format === "JSON lines" && isDeployment(first)) yield* readJsonLines(lines(), now);
  else
    yield* byTime(readLines(lines(), context), context.notices, {
      now,
      timeless: fetched || format === "sitemap" || format === "words",
      baseline,
    });
}

/**
 * Neighbouring lines with the same time are one deployment. A sitemap and a list have no times, so that they are one
 * deployment from now on. A baseline of more lines than a deployment can have is several.
 */
async function* byTime(
  lines: AsyncIterable<ReadLine>,
  notices: Notices,
  { now, timeless, baseline }: { now: string; timeless: boolean; baseline: boolean },
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
    if (read.wrong !== undefined || read.at !== group[0]?.at || (baseline && group.length === maxPlacements)) {
      yield* deploymentOf(group, now);
      group = [];
    }
    if (read.wrong !== undefined) yield { line: read.number, wrong: [read.wrong] };
    else if (read.at === undefined && !timeless) throw new Refusal(422, withoutTimes);
    else if (timeless && group.length === maxPlacements) throw new Refusal(422, tooManyLines);
    else if (group.length <= maxPlacements) group.push(read); // one line too many is enough to refuse the deployment
  }
  yield* deploymentOf(group, now);
}

const alreadyListed = (key: string, earlier: number) => `${key} is listed for this time in line ${earlier} already.`;

const withoutTimes =
  "The columns must have effective_at, key and version among them. To record a file without times as one deployment, use sitebook record.";

const most = `more than ${formatCount(maxPlacements)} lines, the most that a deployment can have`;

const tooManyLines = `This list has ${most}. Record it in parts; or add --baseline if all of it was already there when the record began.`;

/** The deployment of lines with the same time. */
function* deploymentOf(lines: ReadLine[], now: string): Generator<ReadDeployment> {
  const [first] = lines;
  if (!first) return;
  const { number, at } = first;
  if (lines.length > maxPlacements) {
    yield { line: number, wrong: [`From here on, ${most}, have the same time. Record them in parts.`] };
    return;
  }
  const placements = lines.flatMap(({ line }) => line ?? []);
  yield validateDeployment(number, now, () => ({ ...(at !== undefined && { effective_at: at }), placements }));
}
