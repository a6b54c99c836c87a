import { Refusal } from "../errors.ts";
import type { IntakeContext, ReadLine } from "../intake/lines.ts";
import { firstContent, formatOf, readLines } from "../intake/read-lines.ts";
import type { TextLine } from "../intake/text-lines.ts";
import { maxPlacements, type ReportLine } from "../record/report.ts";
import { artifactKey } from "../text.ts";
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
  else yield* byTime(readLines(lines(), context), now, fetched || format === "sitemap" || format === "words");
}

/**
 * Neighbouring lines with the same time are one deployment. A sitemap and a list have no times, so that they are one
 * deployment from now on.
 */
async function* byTime(lines: AsyncIterable<ReadLine>, now: string, timeless: boolean): AsyncGenerator<ReadDeployment> {
  let group: ReadLine[] = [];
  for await (const read of lines) {
    const { number, wrong, at } = read;
    if (wrong !== undefined || at !== group[0]?.at) {
      yield* deploymentOf(group, now);
      group = [];
    }
    if (wrong !== undefined) yield { line: number, wrong: [wrong] };
    else if (at === undefined && !timeless) throw new Refusal(422, withoutTimes);
    else if (group.length <= maxPlacements) group.push(read); // one line too many is enough to refuse the deployment
  }
  yield* deploymentOf(group, now);
}

const withoutTimes =
  "The columns must have effective_at, key and version among them. To record a file without times as one deployment, use sitebook record.";

/** The deployment of lines with the same time; if one is listed twice, only the errors. */
function* deploymentOf(lines: ReadLine[], now: string): Generator<ReadDeployment> {
  const [first] = lines;
  if (!first) return;
  const placements: ReportLine[] = [];
  const numberByArtifact = new Map<string, number>();
  for (const { number, line } of lines) {
    if (!line) continue;
    const earlier = numberByArtifact.get(artifactKey(line));
    if (earlier) yield { line: number, wrong: [`${line.key} is listed for this time in line ${earlier} already.`] };
    else placements.push(line);
    numberByArtifact.set(artifactKey(line), number);
  }
  if (placements.length < lines.length) return;
  const { number, at } = first;
  yield validateDeployment(number, now, () => ({ ...(at !== undefined && { effective_at: at }), placements }));
}
