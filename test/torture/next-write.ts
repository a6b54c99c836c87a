import type { CastMember, CastRole } from "./cast.ts";
import { promotionWrites } from "./promotion-writes.ts";
import { type Moment, pick, type RequestOf, recent, recentPromotions } from "./random-choices.ts";
import { randomDeployment, randomVersion } from "./random-deployment.ts";
import { ruleWrites } from "./rule-writes.ts";
import type { WriteRequest, WriteType } from "./writes.ts";

const manager: CastRole[] = ["account-manager", "administrator"];
const approver: CastRole[] = ["tester", "marketing"];
const administrator: CastRole[] = ["administrator"];
const anyone: CastRole[] = [...manager, ...approver, "contributor"];

interface Kind {
  roles: CastRole[];
  share: number;
  /** Where it can be sent: by tokens with the API if nothing else is named. */
  from?: "pages" | "both";
}

/** The roles for each type, and how often it is tried. If it is not possible, a deployment is sent instead. */
const writeTypes: Record<WriteType, Kind> = {
  deployment: { roles: ["contributor", "account-manager"], share: 18 },
  release: { roles: manager, share: 16 },
  promotion: { roles: manager, share: 18 },
  decision: { roles: approver, share: 24, from: "both" },
  completion: { roles: manager, share: 18, from: "both" },
  cancellation: { roles: manager, share: 2, from: "both" },
  correction: { roles: manager, share: 8 },
  withdrawal: { roles: approver, share: 4 },
  tick: { roles: [...manager, ...approver], share: 16, from: "both" },
  comment: { roles: anyone, share: 3, from: "both" },
  rollback: { roles: manager, share: 3 },
  "break-glass": { roles: administrator, share: 2 },
  review: { roles: approver, share: 3, from: "pages" },
  gate: { roles: administrator, share: 2 },
  freeze: { roles: administrator, share: 1 },
  "freeze-end": { roles: administrator, share: 6 },
  mark: { roles: [...manager, ...approver], share: 1 },
  lift: { roles: [...manager, ...approver], share: 4 },
  delegation: { roles: approver, share: 2, from: "pages" },
};
const chances = Object.entries(writeTypes).flatMap(([type, { share }]) =>
  Array<WriteType>(share).fill(type as WriteType),
);

/** A random next write that fits the responses so far, and who sends it. */
export function nextWrite(moment: Omit<Moment, "by">): { request: WriteRequest; by: CastMember } {
  const { cast, mark, random } = moment;
  const type = pick(chances, random) as WriteType;
  const { roles, from = "api" } = writeTypes[type];
  const places = from === "both" ? ["api", "pages"] : [from];
  const able = cast.filter(
    ({ role, credentials }) => roles.includes(role) && places.includes("token" in credentials ? "api" : "pages"),
  );
  const by = pick(able, random) as CastMember;
  const request = requests[type]({ ...moment, by });
  if (request) return { request, by };
  const contributors = cast.filter(({ role }) => role === "contributor");
  return { request: randomDeployment([], mark, random), by: pick(contributors, random) as CastMember };
}

const requests: { [T in WriteType]: RequestOf<T> } = {
  ...promotionWrites,
  ...ruleWrites,
  deployment: ({ ledger, mark, random }) => randomDeployment(recentPromotions(ledger), mark, random),
  release({ ledger, mark: name, random }) {
    if (random() < 0.05) return { type: "release", body: { name, differences: { from: "beta", to: "demo" } } };
    const onBeta = recent(ledger, "deployment").filter(({ to, body }) => to === "beta" && !body.effective_at);
    const contents = pick(onBeta, random)?.body.placements.slice(0, 3);
    const exact = contents?.map(({ kind, key, version }) => ({ kind, key, version }));
    return exact && { type: "release", body: { name, contents: exact } };
  },
  correction({ ledger, mark: reason, random }) {
    const earlier = random() < 0.2 ? pick(recent(ledger, "correction"), random) : undefined;
    if (earlier) return { type: "correction", body: { ...earlier.body, instead: undefined, stands: true, reason } };
    const deployment = pick(recent(ledger, "deployment"), random);
    const line = deployment && pick(deployment.body.placements, random);
    if (!line) return;
    const instead = random() < 0.5 ? { instead: { version: randomVersion(random) } } : {};
    const target = random() < 0.8 ? { kind: line.kind, key: line.key, ...instead } : {};
    return { type: "correction", body: { deployment: deployment.answer.number, reason, ...target } };
  },
};
