import { delegationName, type Facts, gateText, tickName } from "./expected.ts";
import type { Record } from "./record.ts";

/** The facts about gates, freezes, marks and delegations, and about promotions what is neither a decision nor an end. */
export function* recordedRules(record: Record): Generator<[name: string, Facts]> {
  yield* gates(record);
  yield* freezes(record);
  yield* onPromotions(record);
  const releaseOf = new Map(record.releases.map(({ id, number }) => [id, number]));
  for (const { reason, person_id, release_id, lifts_id } of record.marks)
    yield [reason, { type: lifts_id ? "lift" : "mark", by: person_id, release: releaseOf.get(release_id) }];
  for (const { person_id, substitute_id, role, until_at } of record.delegations)
    yield [
      delegationName(person_id, until_at.slice(0, 10)),
      { type: "delegation", by: person_id, role, substitute: substitute_id },
    ];
}

/** Without those that the site was set up with. Only events have the reason of a change. */
function* gates({ gates, events }: Record): Generator<[string, Facts]> {
  const changes = new Map(events.filter(({ action }) => action === "gate_changed").map((row) => [row.subject_id, row]));
  for (const { id, version, environment, rules } of gates) {
    if (version === 1) continue;
    const event = changes.get(id);
    const { reason } = JSON.parse(event?.details ?? "{}") as { reason?: string };
    const facts = { by: event?.person_id, to: environment, version, rules: gateText(JSON.parse(rules)) };
    yield [String(reason), { type: "gate", ...facts }];
  }
}

function* freezes({ freezes, freezeEnds }: Record): Generator<[string, Facts]> {
  const numberOf = new Map(freezes.map(({ id, number }) => [id, number]));
  for (const { reason, person_id, number, environment, ends_at } of freezes)
    yield [reason, { type: "freeze", by: person_id, number, to: environment, until: ends_at }];
  for (const { reason, person_id, freeze_id } of freezeEnds)
    yield [reason, { type: "freeze-end", by: person_id, freeze: numberOf.get(freeze_id) }];
}

function* onPromotions({ promotions, withdrawals, ticks, comments, reviews }: Record): Generator<[string, Facts]> {
  const numberOf = new Map(promotions.map(({ id, number }) => [id, number]));
  const facts = (type: string, { promotion_id, person_id }: { promotion_id: string; person_id: string }) => {
    return { type, by: person_id, on: numberOf.get(promotion_id) };
  };
  for (const row of withdrawals)
    if (row.expired_at === null) yield [row.reason, { ...facts("withdrawal", row), withdrawn_at: row.withdrawn_at }];
  for (const row of ticks) {
    const tick = { line: row.line, ticked: row.ticked === 1 };
    yield [tickName(numberOf.get(row.promotion_id), row.person_id, tick), facts("tick", row)];
  }
  for (const row of comments) yield [row.comment, { ...facts("comment", row), commented_at: row.commented_at }];
  for (const row of reviews) yield [String(row.comment), facts("review", row)];
}
