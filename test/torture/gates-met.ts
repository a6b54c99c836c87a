import { type GateRules, gateDefaults } from "../../src/access/gates.ts";
import { addMs } from "../../src/time/add.ts";
import type { Record } from "./record.ts";

type Problems = Generator<string>;
type Promotion = Record["promotions"][number];
type Event = Record["events"][number];

const dayMs = 24 * 3_600_000;

/** What the events said so far about promotions, releases and freezes, by their ids. */
interface Course {
  approvals: Map<string, { id: string; promotion: string; role: string; people: string[]; at: string }>;
  ticked: Set<string>;
  bad: Set<string>;
  freezes: Map<string, { environment: string; from: string; until: string | null }>;
}

/**
 * Follows the events, and checks that each promotion was completed with its gate met: enough approvals that count, the
 * checklist ticked, no freeze, no bad release, not too old; or else without its gate, which keeps its reason, and a review
 * by nobody but another person.
 */
export function* whyNotMet(record: Record): Problems {
  const promotionOf = new Map(record.promotions.map((promotion) => [promotion.id, promotion]));
  const course: Course = { approvals: new Map(), ticked: new Set(), bad: new Set(), freezes: new Map() };
  for (const event of record.events) {
    follow(course, event);
    const promotion = event.action === "promotion_completed" && promotionOf.get(event.subject_id ?? "");
    if (promotion) yield* whyNotCompletable(record, course, promotion, event);
  }
}

function follow(course: Course, { action, subject_id, details }: Event): void {
  const id = String(subject_id);
  const row = JSON.parse(details);
  if (action === "promotion_approved") {
    const { role, person_id, for_id, decided_at: at } = row;
    const people = [person_id, for_id ?? person_id];
    course.approvals.set(row.id, { id: row.id, promotion: id, role, people, at });
  }
  if (action === "approval_withdrawn" || action === "approval_expired") course.approvals.delete(row.approval_id);
  if (action === "checklist_ticked") setIn(course.ticked, `${id} ${row.line}`, row.ticked === 1);
  if (action === "release_marked_bad" || action === "release_mark_lifted")
    setIn(course.bad, id, action === "release_marked_bad");
  if (action === "freeze_set")
    course.freezes.set(id, { environment: row.environment_id, from: row.starts_at, until: row.ends_at });
  if (action === "freeze_ended") course.freezes.delete(id);
}

function setIn(set: Set<string>, item: string, isIn: boolean): void {
  if (isIn) set.add(item);
  else set.delete(item);
}

function* whyNotCompletable(record: Record, course: Course, promotion: Promotion, event: Event): Problems {
  const { freeze_override } = JSON.parse(event.details) as { freeze_override: string | null };
  const forced = record.forced.find(({ promotion_id }) => promotion_id === promotion.id);
  const review = record.reviews.find(({ promotion_id }) => promotion_id === promotion.id);
  const name = `Promotion ${promotion.number}`;
  if (course.bad.has(promotion.release_id)) yield `${name} was completed with a bad release.`;
  if (forced && review?.person_id === event.person_id)
    yield `${name} was reviewed by who completed it without its gate.`;
  if (!forced && review) yield `${name} has a review though it was completed with its gate.`;
  if (forced) return;
  const isFrozen = [...course.freezes.values()].some(
    ({ environment, from, until }) =>
      environment === promotion.environment_id && from <= event.recorded_at && (!until || event.recorded_at < until),
  );
  if (isFrozen !== (freeze_override !== null))
    yield `${name} was completed ${isFrozen ? "in" : "with an override, but not in"} a freeze.`;
  const gate = gateOf(record, promotion);
  if (gate) yield* whyNotMetBy(course, promotion, gate, event);
}

function gateOf({ gates }: Record, { gate_id, rollback_of_id }: Promotion): GateRules | undefined {
  const row = gates.find(({ id }) => id === gate_id);
  if (!row) return;
  const rules: GateRules = { ...gateDefaults, ...JSON.parse(row.rules) };
  return rollback_of_id && !rules.rollback_needs_approval ? { ...rules, requirements: [] } : rules;
}

function* whyNotMetBy(
  { approvals, ticked }: Course,
  { id, number, person_id: requester, asked_at }: Promotion,
  gate: GateRules,
  { recorded_at: at }: Event,
): Problems {
  const isOver = (since: string, days: number) => days > 0 && addMs(since, days * dayMs) <= at;
  const counted: string[] = [];
  const counting = [...approvals.values()].filter((approval) => {
    const isOwn = !gate.asker_may_approve && approval.people.includes(requester);
    if (approval.promotion !== id || isOwn || isOver(approval.at, gate.approval_days)) return false;
    if (approval.people.some((person) => counted.includes(person))) return false;
    return counted.push(...approval.people);
  });
  for (const { role, count } of gate.requirements) {
    const given = counting.filter((approval) => approval.role === role).length;
    if (given < count) yield `Promotion ${number} was completed with ${given} of ${count} approvals by ${role}.`;
  }
  for (const line of gate.checklist)
    if (!ticked.has(`${id} ${line}`)) yield `Promotion ${number} was completed, and "${line}" was not ticked.`;
  if (isOver(asked_at, gate.promotion_days)) yield `Promotion ${number} was completed after it had expired.`;
}
