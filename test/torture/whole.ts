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

function* whyNotNumbered({ site, deployments, releases, promotions, freezes, events }: Record): Problems {
  const lists = { deployments, releases, promotions, freezes, events: events.map(({ seq }) => ({ number: seq })) };
  for (const [noun, list] of Object.entries(lists) as [keyof typeof lists, { number: number }[]][]) {
    const gap = list.findIndex(({ number }, i) => number !== i + 1);
    if (gap >= 0) yield `Among the ${noun} ${gap + 1} is missing; ${list[gap]?.number} is in its place.`;
    if (site[noun] !== list.length) yield `The site counts ${site[noun]} ${noun}, and there are ${list.length}.`;
  }
}

/** Each row must have one event, and each event one row. `recordedRules` compares those of gates. */
function* whyNotOneEventEach(record: Record): Problems {
  const rows = [...rowsOfDecisions(record), ...rowsOfRules(record)].map(
    ([action, id, personId]) => `${action} ${id} ${personId}`,
  );
  const actions = /^(deployment|release|promotion|placement|approval|checklist|freeze|delegation|forced)_/;
  const events = record.events
    .filter(({ action }) => actions.test(action))
    .map(({ action, subject_id, person_id }) => `${action} ${subject_id} ${person_id}`);
  for (const row of surplus(rows, events)) yield `There is no event for ${row}.`;
  for (const event of surplus(events, rows)) yield `There is no row for the event ${event}.`;
}

type RowWithEvent = [action: string, subjectId: string, personId: string];

function rowsOfDecisions(record: Record): RowWithEvent[] {
  const on = (action: string, row: { promotion_id: string; person_id: string }): RowWithEvent => [
    action,
    row.promotion_id,
    row.person_id,
  ];
  return [
    ...record.promotions.map(({ id, person_id }): RowWithEvent => ["promotion_asked", id, person_id]),
    ...record.approvals.map((row) => on(row.decision === "approve" ? "promotion_approved" : "promotion_rejected", row)),
    ...record.withdrawals.map((row) => on(row.expired_at ? "approval_expired" : "approval_withdrawn", row)),
    ...record.ticks.map((row) => on("checklist_ticked", row)),
    ...record.comments.map((row) => on("promotion_commented", row)),
    ...record.completions.map((row) => on("promotion_completed", row)),
    ...record.schedules.map((row) => on("promotion_scheduled", row)),
    ...record.dueMoments.map((row) => on("promotion_due", row)),
    ...record.reviews.map((row) => on("forced_completion_reviewed", row)),
    ...record.cancellations.map((row) => on(`promotion_${endingOf(row)}`, row)),
  ];
}

function endingOf({ superseded_by, expired_at }: Record["cancellations"][number]): string {
  if (superseded_by) return "superseded";
  return expired_at ? "expired" : "cancelled";
}

function rowsOfRules(record: Record): RowWithEvent[] {
  const own = (action: string, { id, person_id }: { id: string; person_id: string }): RowWithEvent => [
    action,
    id,
    person_id,
  ];
  return [
    ...record.deployments.map((row) => own("deployment_recorded", row)),
    ...record.releases.map((row) => own("release_made", row)),
    ...record.corrections.filter(({ whole_id }) => whole_id === null).map((row) => own("placement_corrected", row)),
    ...record.freezes.map((row) => own("freeze_set", row)),
    ...record.freezeEnds.map(({ freeze_id: id, person_id }) => own("freeze_ended", { id, person_id })),
    ...record.delegations.map((row) => own("delegation_set", row)),
    ...record.marks.map(({ release_id: id, person_id, lifts_id }) =>
      own(lifts_id ? "release_mark_lifted" : "release_marked_bad", { id, person_id }),
    ),
  ];
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
