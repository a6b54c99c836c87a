import { readGate } from "../access/gates.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { type EnvironmentEvent, environmentEvents, environmentNames } from "../record/environments-as-of.ts";
import { timeWithOffset } from "../time/format.ts";

/** A row of a pack's tables, by the names of its columns. */
export type Cells = Record<string, string | number | null | undefined>;

/** Smaller, for one event may have ten thousand lines. */
const eventBatchSize = 50;

/** The events about these subjects, oldest first, with the gates and decisions among them. */
export async function loadSteps(db: Database, site: Site, subjects: (string | null | undefined)[], knownAt?: string) {
  const ids = [...new Set(subjects.filter((id) => typeof id === "string"))];
  const steps: Cells[] = [];
  const environments = await environmentEvents(db, site.id);
  for (let i = 0; i < ids.length; i += eventBatchSize) {
    let query = db
      .selectFrom("events")
      .select(["seq", "action", "subject", "recorded_at", "person_id", "environment_id", "details"])
      .where("site_id", "=", site.id)
      .where("subject_id", "in", ids.slice(i, i + eventBatchSize));
    if (knownAt) query = query.where("recorded_at", "<=", knownAt);
    for (const { seq: event, action, details, ...row } of await query.execute()) {
      const { placements: _, confirmations: __, learned: ___, contents: ____, ...facts } = JSON.parse(details);
      const what = action.replaceAll("_", " ");
      const said = commentIn(facts) ?? facts.reason ?? facts.note ?? facts.freeze_override;
      const person = facts.for ? `${facts.person} for ${facts.for}` : facts.person;
      const step = { ...facts, ...row, person, event, what, said, ...namesOf(environments, row.environment_id, event) };
      steps.push({ ...step, ...localTimes(step, site.time_zone) });
    }
  }
  steps.sort((a, b) => Number(a.event) - Number(b.event));
  return {
    steps,
    gates: await gatesOf(db, steps),
    approvals: steps.filter((step) => step.decision).map((step) => decisionOf(step, steps)),
  };
}

/** With when it was withdrawn, if it was. */
function decisionOf(step: Cells, steps: Cells[]): Cells {
  const withdrawal = steps.find(({ approval_id }) => approval_id === step.id);
  return {
    ...step,
    promotion: step.number,
    ...(withdrawal && { withdrawn_at: withdrawal.withdrawn_at, withdrawn_local: withdrawal.withdrawn_local }),
  };
}

/** The comment of an event, with those on single pages of a rejection, one on each line. */
function commentIn({ comment, pages = [] }: { comment?: string; pages?: { key: string; comment: string }[] }) {
  const lines = [comment, ...pages.map((page) => `${page.key}: ${page.comment}`)].filter(Boolean);
  return lines.length ? lines.join("\n") : undefined;
}

/** What the environment of an event was called then, and what it is called now if that differs. */
function namesOf(events: EnvironmentEvent[], id: string | null, seq: number): Cells {
  const [then, now] = [environmentNames(events, seq).get(id ?? ""), environmentNames(events).get(id ?? "")];
  return { environment_name: then, environment_now: now === then ? undefined : now };
}

/** What the gate of each requested promotion required at that time. */
async function gatesOf(db: Database, steps: Cells[]): Promise<Cells[]> {
  const requests = steps.filter((step) => step.what === "promotion asked");
  const ids = [...new Set(requests.map((step) => step.gate_id).filter((id) => typeof id === "string"))];
  const rows = await inBatches(ids, (batch) =>
    db.selectFrom("gates").select(["id", "version", "rules"]).where("id", "in", batch).execute(),
  );
  const gates = new Map(rows.map((row) => [row.id as Cells[string], readGate(row)]));
  return requests.map(({ event, number: promotion, environment, environment_name, environment_now, gate_id }) => {
    const { version, requirements, asker_may_approve, stored } = gates.get(gate_id) ?? {};
    const required = requirements?.map(({ role, count }) => `${count} ${role}`).join(", ");
    const requester_may_approve = asker_may_approve ? "yes" : "no";
    return {
      event,
      promotion,
      environment,
      environment_name,
      environment_now,
      gate_id,
      gate: version,
      required: required || "none",
      requester_may_approve,
      other_rules: otherRules(stored ?? {}),
    };
  });
}

/** "checklist: The price is right, Legal agrees; soak hours: 24": the stored rules that have no column of their own. */
function otherRules(stored: { [rule: string]: Json }): string {
  const { requirements: _requirements, asker_may_approve: _requester, ...others } = stored;
  const words = Object.entries(others).map(([rule, value]) => {
    const text = typeof value === "boolean" ? (value ? "yes" : "no") : [value].flat().map(String).join(", ");
    return `${rule.replaceAll("_", " ")}: ${text}`;
  });
  return words.sort().join("; ") || "none";
}

/** The site's own time beside each time in UTC: `recorded_local` beside `recorded_at`. */
export function localTimes(row: object, zone: string): Cells {
  const times = Object.entries(row).filter(([name, value]) => name.endsWith("_at") && value);
  return Object.fromEntries(times.map(([name, at]) => [name.replace(/_at$/, "_local"), timeWithOffset(at, zone)]));
}
