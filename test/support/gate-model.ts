import fc from "fast-check";

/** Everyone's roles. Cleo records what is promoted, Ada or Mara requests it, and the robot is a token. */
export const roles = {
  ada: ["account-manager", "tester"],
  iris: ["administrator", "marketing"],
  cleo: ["contributor", "tester"],
  theo: ["tester", "marketing"],
  mara: ["marketing", "account-manager"],
  vera: ["viewer"],
  robot: ["tester"],
};
export type Who = keyof typeof roles;
export const everyone = Object.keys(roles) as Who[];
export const checklistLine = "Stock is ready";

export const gates = fc.record({
  requirements: fc.uniqueArray(
    fc.record({ role: fc.constantFrom("tester", "marketing"), count: fc.constantFrom(1, 1, 1, 2) }),
    { minLength: 1, selector: ({ role }) => role },
  ),
  asker_may_approve: fc.boolean(),
  machines_may_approve: fc.boolean(),
  recorders_may_approve: fc.boolean(),
  soak_hours: fc.constantFrom(0, 2),
  approval_days: fc.constantFrom(0, 2),
  promotion_days: fc.constantFrom(0, 5),
  checklist: fc.constantFrom<string[]>([], [checklistLine]),
});
type RandomGate = typeof gates extends fc.Arbitrary<infer T> ? T : never;

const people = fc.constantFrom(...everyone);

// Vera has no role of a gate, and is whose substitute she is
const substitutes = fc.constantFrom<Who[]>("vera", "vera", "vera", "theo", "ada", "robot");

const step = <What extends string>(weight: number, what: What, who: fc.Arbitrary<Who> = people) => ({
  weight,
  arbitrary: fc.record({
    what: fc.constant(what),
    who,
    other: substitutes,
    role: fc.constantFrom("tester", "marketing"),
    hours: fc.constantFrom(0.5, 1.5, 24, 72),
  }),
});

/** Things to do, each by one person: `other` is a substitute, and `hours` how long to wait or how long it lasts. */
export const commands = fc.array(
  fc.oneof(
    step(8, "approve"),
    step(8, "approve", substitutes),
    step(6, "complete", fc.constantFrom("ada", "mara", "vera")),
    step(8, "delegate", fc.constantFrom("ada", "cleo", "cleo", "mara", "mara", "iris")),
    step(4, "tick"),
    step(6, "wait"),
    step(4, "withdraw"),
    step(2, "work"),
    step(2, "review"),
    step(2, "freeze", fc.constantFrom("ada", "iris", "vera")),
    step(1, "thaw", fc.constantFrom("ada", "iris", "vera")),
    step(4, "plan", fc.constantFrom("ada", "mara", "iris", "vera")),
    step(1, "endDelegation"),
    step(2, "untick"),
    step(1, "mark", fc.constantFrom("theo", "vera")),
    step(2, "lift", fc.constantFrom("ada", "vera")),
    step(1, "reject"),
    step(1, "force", fc.constantFrom("iris", "iris", "ada", "theo")),
  ),
  { maxLength: 32, size: "max" },
);
export type Command = (typeof commands extends fc.Arbitrary<(infer T)[]> ? T : never) & object;

/** What happened, as far as the gate is concerned. Times are in hours since the contents were recorded and requested. */
export class GateModel {
  now = 0;
  approvals: { by: Who; away: Who | undefined; role: string; at: number; withdrawn?: boolean }[] = [];
  delegations: { id: string; away: Who; by: Who; role: string; until: number; ended?: boolean }[] = [];
  freezes: { number: number; until: number; ended?: boolean }[] = [];
  /** When it is to go live by itself. */
  planned: number | undefined;
  end: "completed" | "planned" | "forced" | "rejected" | undefined;
  ticked = false;
  /** Whether its release is marked as bad. */
  bad = false;
  reviewed = false;
  readonly gate: RandomGate;
  readonly requester: Who;
  constructor(gate: RandomGate, requester: Who) {
    this.gate = gate;
    this.requester = requester;
  }

  isOld({ at }: { at: number }): boolean {
    return this.gate.approval_days > 0 && this.now >= at + this.gate.approval_days * 24;
  }
  /** The approvals that count: nobody's twice, be it their own or one that was given for them. */
  standing() {
    const counted: Who[] = [];
    return this.approvals.filter((one) => {
      const { by, away = by, withdrawn } = one;
      if (withdrawn || this.isOld(one) || counted.includes(by) || counted.includes(away)) return false;
      return counted.push(by, away);
    });
  }
  /** What of the gate is not met, as the codes of blockers. */
  unmet(): string[] {
    const { requirements, soak_hours, promotion_days, checklist } = this.gate;
    const given = (role: string) => this.standing().filter((one) => one.role === role).length;
    const isUnmet = {
      release_bad: this.bad,
      approvals_missing: requirements.some(({ role, count }) => given(role) < count),
      soaking: this.now < soak_hours,
      expired: promotion_days > 0 && this.now >= promotion_days * 24,
      checklist_open: checklist.length > 0 && !this.ticked,
      frozen: this.freezes.some((freeze) => !freeze.ended && this.now < freeze.until),
    };
    return Object.entries(isUnmet).flatMap(([code, is]) => (is ? [code] : []));
  }
  mayApprove(by: Who, away: Who | undefined, role: string): boolean {
    const { asker_may_approve, machines_may_approve, recorders_may_approve } = this.gate;
    const excluded: (Who | undefined | false)[] = [
      !asker_may_approve && this.requester,
      !machines_may_approve && "robot",
      !recorders_may_approve && "cleo",
    ];
    const isSubstitute = this.delegations.some(
      (one) => !one.ended && one.away === away && one.by === by && one.role === role && this.now <= one.until,
    );
    const counted = this.standing().flatMap((one) => [one.by, one.away ?? one.by]);
    const isFree = [by, away ?? by].every((one) => !excluded.includes(one) && !counted.includes(one));
    return isFree && roles[away ?? by].includes(role) && (!away || isSubstitute);
  }
}
