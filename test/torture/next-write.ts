import { sha256 } from "../../src/database/ids.ts";
import type { CastMember, CastRole } from "./cast.ts";
import type { KnownPromotion, Ledger, Write, WriteRequest, WriteType } from "./ledger.ts";
import { pastMoment, randomDeployment, randomVersion } from "./random-deployment.ts";

type Random = () => number;

const manager: CastRole[] = ["account-manager"];
/** The roles for each type, and how often it is tried. If it is not possible, a deployment is sent instead. */
const writeTypes: Record<WriteType, { roles: CastRole[]; share: number }> = {
  deployment: { roles: ["contributor", "account-manager"], share: 18 },
  release: { roles: manager, share: 16 },
  promotion: { roles: manager, share: 18 },
  decision: { roles: ["tester", "marketing"], share: 22 },
  completion: { roles: manager, share: 16 },
  cancellation: { roles: manager, share: 2 },
  correction: { roles: manager, share: 8 },
};
const chances = Object.entries(writeTypes).flatMap(([type, { share }]) =>
  Array<WriteType>(share).fill(type as WriteType),
);

/** A random next write that fits the responses so far, and who sends it. */
export function nextWrite(
  ledger: Ledger,
  cast: CastMember[],
  mark: string,
  random: Random,
): { request: WriteRequest; by: CastMember } {
  const type = pick(chances, random) as WriteType;
  // on pages people only act on promotions
  const onPromotion = type === "decision" || type === "completion" || type === "cancellation";
  const able = cast.filter(
    ({ role, credentials }) => writeTypes[type].roles.includes(role) && ("token" in credentials || onPromotion),
  );
  const by = pick(able, random) as CastMember;
  const request = requests[type](ledger, by, mark, random);
  if (request) return { request, by };
  const contributors = cast.filter(({ role }) => role === "contributor");
  return { request: randomDeployment([], mark, random), by: pick(contributors, random) as CastMember };
}

const requests: Record<
  WriteType,
  (ledger: Ledger, by: CastMember, mark: string, random: Random) => WriteRequest | undefined
> = {
  deployment: (ledger, _by, mark, random) => randomDeployment(recentPromotions(ledger), mark, random),
  release(ledger, _by, name, random) {
    if (random() < 0.05) return { type: "release", body: { name, differences: { from: "beta", to: "demo" } } };
    const onBeta = recent(ledger, "deployment").filter(({ to, body }) => to === "beta" && !body.effective_at);
    const contents = pick(onBeta, random)?.body.placements.slice(0, 3);
    const exact = contents?.map(({ kind, key, version }) => ({ kind, key, version }));
    return exact && { type: "release", body: { name, contents: exact } };
  },
  promotion(ledger, _by, note, random) {
    const onDemo = recentPromotions(ledger).filter(({ to, state }) => to === "demo" && state === "completed");
    const forLive = onDemo.find(({ release }) => !isRequested(ledger, release, "live"))?.release;
    if (forLive) return { type: "promotion", body: { release: forLive, to: "live", note } };
    const numbers = recent(ledger, "release").map(({ answer }): number => answer.number);
    const release = pick(
      numbers.filter((number) => !isRequested(ledger, number, "demo")),
      random,
    );
    return release ? { type: "promotion", body: { release, to: "demo", note } } : undefined;
  },
  decision(ledger, by, comment, random) {
    const gate = by.role === "tester" ? "demo" : "live";
    const [promotion] = openPromotions(ledger, by).filter(({ to, state }) => to === gate && state === "waiting");
    const digest = random() < 0.05 ? sha256(comment) : promotion?.digest;
    const decision = random() < 0.9 ? "approve" : "reject";
    return promotion && digest
      ? { type: "decision", on: promotion.number, body: { decision, digest, comment } }
      : undefined;
  },
  completion(ledger, by, _mark, random) {
    const [promotion] = openPromotions(ledger, by).filter(({ state }) => state === "approved" || random() < 0.02);
    const late = "token" in by.credentials && random() < 0.2 ? { effective_at: pastMoment(random) } : {};
    return promotion && { type: "completion", on: promotion.number, body: late };
  },
  cancellation(ledger, by, reason, random) {
    const promotion = pick(openPromotions(ledger, by), random);
    return promotion && { type: "cancellation", on: promotion.number, body: { reason } };
  },
  correction(ledger, _by, reason, random) {
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

/** Newest first. */
const recentPromotions = ({ promotions }: Ledger): KnownPromotion[] => [...promotions.values()].slice(-30).reverse();

function isRequested({ promotions }: Ledger, release: number, to: string): boolean {
  return [...promotions.values()].some((promotion) => promotion.release === release && promotion.to === to);
}

/** The open promotions on which this member has not sent anything. */
function openPromotions(ledger: Ledger, by: CastMember): KnownPromotion[] {
  const isOpen = ({ state }: KnownPromotion) => state === "waiting" || state === "approved";
  return recentPromotions(ledger).filter((promotion) => isOpen(promotion) && !promotion.actors.has(by.name));
}

function recent<D extends WriteType>(ledger: Ledger, type: D): (Write & { type: D })[] {
  const all = ledger.writes.slice(-80).filter((write) => write.outcome === "acknowledged" && write.type === type);
  return all.slice(-8) as (Write & { type: D })[];
}

function pick<T>(list: T[], random: Random): T | undefined {
  return list[Math.floor(random() * list.length)];
}
