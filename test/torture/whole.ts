import type { Line, Record } from "./record.ts";

type Problems = Generator<string>;

/** Checks by the tables alone that every transaction is recorded completely: numbers, events, lines and completions. */
export function* whyNotWhole(record: Record): Problems {
  yield* whyNotNumbered(record);
  yield* whyNotOneEventEach(record);
  const detailsOf = new Map(
    record.events.map(({ action, subject_id, details }) => [`${action} ${subject_id}`, details]),
  );
  for (const deployment of record.deployments)
    yield* whyNotAllLines(
      deployment,
      detailsOf.get(`deployment_recorded ${deployment.id}`),
      record.lines.get(deployment.id),
    );
  for (const completion of record.completions) yield* whyNotCompleted(record, completion);
}

function* whyNotNumbered({ site, deployments, releases, promotions, events }: Record): Problems {
  const lists = { deployments, releases, promotions, events: events.map(({ seq }) => ({ number: seq })) };
  for (const [noun, list] of Object.entries(lists) as [keyof typeof lists, { number: number }[]][]) {
    const gap = list.findIndex(({ number }, i) => number !== i + 1);
    if (gap >= 0) yield `Among the ${noun} ${gap + 1} is missing; ${list[gap]?.number} is in its place.`;
    if (site[noun] !== list.length) yield `The site counts ${site[noun]} ${noun}, and there are ${list.length}.`;
  }
}

/** Each row must have one event, and each event one row. */
function* whyNotOneEventEach(record: Record): Problems {
  const words = { approve: "approved", reject: "rejected" };
  const rows = [
    ...record.deployments.map((deployment) => `deployment_recorded ${deployment.id} ${deployment.person_id}`),
    ...record.releases.map((release) => `release_made ${release.id} ${release.person_id}`),
    ...record.promotions.map((promotion) => `promotion_asked ${promotion.id} ${promotion.person_id}`),
    ...record.approvals.map(
      (approval) => `promotion_${words[approval.decision]} ${approval.promotion_id} ${approval.person_id}`,
    ),
    ...record.completions.map((completion) => `promotion_completed ${completion.promotion_id} ${completion.person_id}`),
    ...record.cancellations.map(
      ({ superseded_by, promotion_id, person_id }) =>
        `promotion_${superseded_by ? "superseded" : "cancelled"} ${promotion_id} ${person_id}`,
    ),
    ...record.corrections
      .filter(({ whole_id }) => whole_id === null)
      .map(({ id, person_id }) => `placement_corrected ${id} ${person_id}`),
  ];
  const events = record.events
    .filter(({ action }) => /^(deployment|release|promotion|placement)_/.test(action))
    .map(({ action, subject_id, person_id }) => `${action} ${subject_id} ${person_id}`);
  for (const row of surplus(rows, events)) yield `There is no event for ${row}.`;
  for (const event of surplus(events, rows)) yield `There is no row for the event ${event}.`;
}

/** The items that a list has more often than another. */
function surplus(list: string[], other: string[]): string[] {
  const unmatched = Map.groupBy(other, (item) => item);
  return list.filter((item) => !unmatched.get(item)?.pop());
}

function* whyNotAllLines(
  { number, changed, unchanged }: Record["deployments"][number],
  details: string | undefined,
  lines: Line[] | undefined,
): Problems {
  if (!details) return;
  const { placements, confirmations } = JSON.parse(details) as { placements: Line[]; confirmations: Line[] };
  const rows = new Set(lines?.map(lineText));
  const lost = [...placements, ...confirmations].find((line) => !rows.has(lineText(line)));
  if (lost) yield `Deployment ${number} has no row for ${lost.key} ${lost.version}.`;
  if (changed !== placements.length || unchanged !== confirmations.length)
    yield `Deployment ${number} counts ${changed} and ${unchanged}, and has ${placements.length} and ${confirmations.length} lines.`;
}

const lineText = ({ kind, key, version, seq }: Line) => `${kind} ${key} ${version} ${seq ?? ""}`;

function* whyNotCompleted(record: Record, { promotion_id, deployment_id }: Record["completions"][number]): Problems {
  const promotion = record.promotions.find(({ id }) => id === promotion_id);
  const deployment = record.deployments.find(({ id }) => id === deployment_id);
  if (!promotion || deployment?.promotion_id !== promotion_id || deployment.environment !== promotion.environment)
    return yield `The completion of ${promotion_id} does not have its promotion's deployment.`;
  const contents = record.contents.get(promotion.release_id)?.map(contentText).sort().join("; ");
  const lines = new Set(record.lines.get(deployment_id)?.map(contentText));
  if (contents !== [...lines].sort().join("; "))
    yield `Promotion ${promotion.number} was completed with other lines than its release has.`;
}

const contentText = ({ kind, key, version }: Pick<Line, "kind" | "key" | "version">) => `${kind} ${key} ${version}`;
