import { addMs } from "../../src/time/add.ts";
import type { Ledger } from "./ledger.ts";
import { type Moment, pick, type RequestOf, recent } from "./random-choices.ts";

const hourMs = 3_600_000;

type OnRules = "gate" | "freeze" | "freeze-end" | "mark" | "lift" | "delegation";

export const ruleWrites: { [T in OnRules]: RequestOf<T> } = {
  gate({ mark: reason, random }) {
    const [to, role] = random() < 0.5 ? (["demo", "tester"] as const) : (["live", "marketing"] as const);
    const body = {
      requirements: [{ role, count: random() < 0.8 ? 1 : 2 }],
      requester_may_approve: random() < 0.5,
      approval_days: pick([0, 1, 1, 2], random),
      promotion_days: pick([0, 1, 1, 2], random),
      rollback_needs_approval: random() < 0.5,
      // with the mark, so that no gate is the same as the one before, which would record nothing
      checklist: [`Checked as ${reason}`],
      reason,
    };
    return { type: "gate", to, body };
  },
  freeze({ now, mark: reason, random }) {
    const environment = random() < 0.5 ? "demo" : "live";
    const until = random() < 0.5 ? { until: addMs(now, 3 * hourMs) } : {};
    return { type: "freeze", body: { environment, reason, ...until } };
  },
  "freeze-end"({ ledger, mark: reason, random }) {
    const freeze = pick([...ledger.frozen], random);
    return freeze ? { type: "freeze-end", freeze, body: { reason } } : undefined;
  },
  mark({ ledger, mark: reason, random }) {
    const release = pick(recent(ledger, "promotion"), random)?.body.release;
    return release ? { type: "mark", release, body: { reason } } : undefined;
  },
  lift({ ledger, mark: reason, random }) {
    const release = pick([...ledger.bad], random);
    return release ? { type: "lift", release, body: { reason } } : undefined;
  },
  delegation({ ledger, cast, by, now }) {
    const substitute = cast.find(
      ({ name, role, credentials }) => "session" in credentials && role !== "account-manager" && name !== by.name,
    );
    const until = addMs(now, 24 * hourMs).slice(0, 10);
    if (!substitute || isNamed(ledger, by, until)) return;
    return { type: "delegation", body: { role: by.role, substitute: substitute.id, from: "", until } };
  },
};

/** Whether this person has named a substitute until this day already. */
function isNamed({ writes }: Ledger, by: Moment["by"], until: string): boolean {
  return writes.some((write) => write.type === "delegation" && write.by === by && write.body.until === until);
}
