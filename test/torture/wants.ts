import { sha256 } from "../../src/database/ids.ts";
import type { CastMember, CastRole } from "./cast.ts";
import type { Deed, Known, Ledger, Wanted, Write } from "./ledger.ts";
import { deploymentOf, past, versionOf } from "./telling.ts";

type Random = () => number;

const manager: CastRole[] = ["account-manager"];
/** Who does it, and how often it is tried. What there is nothing to do about becomes a deployment. */
const deeds: Record<Deed, { roles: CastRole[]; share: number }> = {
  deployment: { roles: ["contributor", "account-manager"], share: 18 },
  release: { roles: manager, share: 16 },
  promotion: { roles: manager, share: 18 },
  decision: { roles: ["tester", "marketing"], share: 22 },
  completion: { roles: manager, share: 16 },
  cancellation: { roles: manager, share: 2 },
  correction: { roles: manager, share: 8 },
};
const chances = Object.entries(deeds).flatMap(([deed, { share }]) => Array<Deed>(share).fill(deed as Deed));

/** What somebody does next, at random, knowing what the clients were told so far. */
export function nextWant(
  ledger: Ledger,
  cast: CastMember[],
  mark: string,
  random: Random,
): { wanted: Wanted; by: CastMember } {
  const deed = pick(chances, random) as Deed;
  // by the pages there is only something to say about a promotion
  const about = deed === "decision" || deed === "completion" || deed === "cancellation";
  const able = cast.filter(({ role, by }) => deeds[deed].roles.includes(role) && ("token" in by || about));
  const by = pick(able, random) as CastMember;
  const wanted = wants[deed](ledger, by, mark, random);
  if (wanted) return { wanted, by };
  const contributors = cast.filter(({ role }) => role === "contributor");
  return { wanted: deploymentOf([], mark, random), by: pick(contributors, random) as CastMember };
}

const wants: Record<Deed, (ledger: Ledger, by: CastMember, mark: string, random: Random) => Wanted | undefined> = {
  deployment: (ledger, _by, mark, random) => deploymentOf(recentlyAsked(ledger), mark, random),
  release(ledger, _by, name, random) {
    if (random() < 0.05) return { deed: "release", body: { name, differences: { from: "beta", to: "demo" } } };
    const told = recent(ledger, "deployment").filter((one) => one.to === "beta" && !one.body.effective_at);
    const contents = pick(told, random)?.body.placements.slice(0, 3);
    const exact = contents?.map(({ kind, key, version }) => ({ kind, key, version }));
    return exact && { deed: "release", body: { name, contents: exact } };
  },
  promotion(ledger, _by, note, random) {
    const on = recentlyAsked(ledger).filter((one) => one.to === "demo" && one.state === "completed");
    const onward = on.find((one) => !isAsked(ledger, one.release, "live"))?.release;
    if (onward) return { deed: "promotion", body: { release: onward, to: "live", note } };
    const numbers = recent(ledger, "release").map((one): number => one.answer.number);
    const release = pick(
      numbers.filter((one) => !isAsked(ledger, one, "demo")),
      random,
    );
    return release ? { deed: "promotion", body: { release, to: "demo", note } } : undefined;
  },
  decision(ledger, by, comment, random) {
    const gate = by.role === "tester" ? "demo" : "live";
    const [one] = open(ledger, by).filter(({ to, state }) => to === gate && state === "waiting");
    const digest = random() < 0.05 ? sha256(comment) : one?.digest;
    const decision = random() < 0.9 ? "approve" : "reject";
    return one && digest ? { deed: "decision", on: one.number, body: { decision, digest, comment } } : undefined;
  },
  completion(ledger, by, _mark, random) {
    const [one] = open(ledger, by).filter(({ state }) => state === "approved" || random() < 0.02);
    const late = "token" in by.by && random() < 0.2 ? { effective_at: past(random) } : {};
    return one && { deed: "completion", on: one.number, body: late };
  },
  cancellation(ledger, by, reason, random) {
    const one = pick(open(ledger, by), random);
    return one && { deed: "cancellation", on: one.number, body: { reason } };
  },
  correction(ledger, _by, reason, random) {
    const before = random() < 0.2 ? pick(recent(ledger, "correction"), random) : undefined;
    if (before) return { deed: "correction", body: { ...before.body, instead: undefined, stands: true, reason } };
    const told = pick(recent(ledger, "deployment"), random);
    const line = told && pick(told.body.placements, random);
    if (!line) return;
    const instead = random() < 0.5 ? { instead: { version: versionOf(random) } } : {};
    const what = random() < 0.8 ? { kind: line.kind, key: line.key, ...instead } : {};
    return { deed: "correction", body: { deployment: told.answer.number, reason, ...what } };
  },
};

/** The newest first. */
const recentlyAsked = ({ promotions }: Ledger): Known[] => [...promotions.values()].slice(-30).reverse();

function isAsked({ promotions }: Ledger, release: number, to: string): boolean {
  return [...promotions.values()].some((one) => one.release === release && one.to === to);
}

/** Those on which there is something to say, and this one has not. */
function open(ledger: Ledger, by: CastMember): Known[] {
  const stays = ({ state }: Known) => state === "waiting" || state === "approved";
  return recentlyAsked(ledger).filter((one) => stays(one) && !one.heard.has(by.name));
}

function recent<D extends Deed>(ledger: Ledger, deed: D): (Write & { deed: D })[] {
  const all = ledger.writes.slice(-80).filter((one) => one.outcome === "acknowledged" && one.deed === deed);
  return all.slice(-8) as (Write & { deed: D })[];
}

function pick<T>(list: T[], random: Random): T | undefined {
  return list[Math.floor(random() * list.length)];
}
