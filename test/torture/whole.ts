import type { Line, Record } from "./record.ts";

type Complaints = Generator<string>;

/** Whether every intent is there as a whole, by what stands in the tables alone: numbers, events, lines, completions. */
export function* whyNotWhole(record: Record): Complaints {
  yield* whyNotNumbered(record);
  yield* whyNotTold(record);
  const told = new Map(record.events.map((one) => [`${one.action} ${one.subject_id}`, one.details]));
  for (const one of record.deployments)
    yield* whyNotAllLines(one, told.get(`deployment_recorded ${one.id}`), record.said.get(one.id));
  for (const completion of record.completions) yield* whyNotCompleted(record, completion);
}

function* whyNotNumbered({ site, deployments, releases, promotions, events }: Record): Complaints {
  const lists = { deployments, releases, promotions, events: events.map(({ seq }) => ({ number: seq })) };
  for (const [noun, list] of Object.entries(lists) as [keyof typeof lists, { number: number }[]][]) {
    const gap = list.findIndex((one, i) => one.number !== i + 1);
    if (gap >= 0) yield `Among the ${noun} ${gap + 1} is missing; ${list[gap]?.number} stands there.`;
    if (site[noun] !== list.length) yield `The site counts ${site[noun]} ${noun}, and there are ${list.length}.`;
  }
}

/** Each row has its one event, and each event its one row. */
function* whyNotTold(record: Record): Complaints {
  const words = { approve: "approved", reject: "rejected" };
  const rows = [
    ...record.deployments.map((one) => `deployment_recorded ${one.id} ${one.person_id}`),
    ...record.releases.map((one) => `release_made ${one.id} ${one.person_id}`),
    ...record.promotions.map((one) => `promotion_asked ${one.id} ${one.person_id}`),
    ...record.approvals.map((one) => `promotion_${words[one.decision]} ${one.promotion_id} ${one.person_id}`),
    ...record.completions.map((one) => `promotion_completed ${one.promotion_id} ${one.person_id}`),
    ...record.cancellations.map(
      (one) => `promotion_${one.superseded_by ? "superseded" : "cancelled"} ${one.promotion_id} ${one.person_id}`,
    ),
    ...record.corrections
      .filter((one) => one.whole_id === null)
      .map((one) => `placement_corrected ${one.id} ${one.person_id}`),
  ];
  const events = record.events
    .filter((one) => /^(deployment|release|promotion|placement)_/.test(one.action))
    .map((one) => `${one.action} ${one.subject_id} ${one.person_id}`);
  for (const one of beyond(rows, events)) yield `No event tells: ${one}.`;
  for (const one of beyond(events, rows)) yield `An event tells what is not there: ${one}.`;
}

/** What a list has more often than another. */
function beyond(list: string[], other: string[]): string[] {
  const left = Map.groupBy(other, (one) => one);
  return list.filter((one) => !left.get(one)?.pop());
}

function* whyNotAllLines(
  { number, changed, unchanged }: Record["deployments"][number],
  details: string | undefined,
  said: Line[] | undefined,
): Complaints {
  if (!details) return;
  const { placements, confirmations } = JSON.parse(details) as { placements: Line[]; confirmations: Line[] };
  const there = new Set(said?.map(written));
  const lost = [...placements, ...confirmations].find((one) => !there.has(written(one)));
  if (lost) yield `Deployment ${number} has no row for ${lost.key} ${lost.version}.`;
  if (changed !== placements.length || unchanged !== confirmations.length)
    yield `Deployment ${number} counts ${changed} and ${unchanged}, and has ${placements.length} and ${confirmations.length} lines.`;
}

const written = ({ kind, key, version, seq }: Line) => `${kind} ${key} ${version} ${seq ?? ""}`;

function* whyNotCompleted(record: Record, { promotion_id, deployment_id }: Record["completions"][number]): Complaints {
  const promotion = record.promotions.find((one) => one.id === promotion_id);
  const deployment = record.deployments.find((one) => one.id === deployment_id);
  if (!promotion || deployment?.promotion_id !== promotion_id || deployment.environment !== promotion.environment)
    return yield `The completion of ${promotion_id} has not its promotion's deployment.`;
  const contents = record.contents.get(promotion.release_id)?.map(named).sort().join("; ");
  const lines = new Set(record.said.get(deployment_id)?.map(named));
  if (contents !== [...lines].sort().join("; "))
    yield `Promotion ${promotion.number} was completed with other lines than its release has.`;
}

const named = ({ kind, key, version }: Pick<Line, "kind" | "key" | "version">) => `${kind} ${key} ${version}`;
