import { sha256 } from "../../src/database/ids.ts";
import type { ReportLine } from "../../src/record/report.ts";
import { shuffled } from "../support/seeded.ts";
import type { KnownPromotion } from "./known-promotions.ts";
import type { WriteRequest } from "./writes.ts";

type Random = () => number;

const keys = [
  ...Array.from({ length: 200 }, (_, i) => `/${["", "sale/", "news/", "help/"][i % 4]}page-${i}`),
  ...Array.from({ length: 10 }, (_, i) => `service-${i}`),
];

/** For a large deployment. */
const depot = Array.from({ length: 600 }, (_, i) => `/depot/page-${i}`);

/** Usually a few lines on beta; now and then many lines, a complete list, recorded late, or covered by a promotion. */
export function randomDeployment(
  promotions: KnownPromotion[],
  note: string,
  random: Random,
): WriteRequest & { type: "deployment" } {
  const to = random() < 0.85 ? "beta" : random() < 0.5 ? "demo" : "live";
  const allowed = random() < 0.3 ? promotions.find((promotion) => promotion.to === to)?.number : undefined;
  const complete = random() < 0.015;
  const count = complete ? keys.length * 0.7 : random() < 0.05 ? 40 : 1 + random() * 4;
  const selected = random() < 0.01 ? depot : shuffled(keys, random).slice(0, count);
  const placements = selected.map((key) => lineOf(key, random));
  const body = {
    note,
    placements,
    ...(random() < 0.15 && { effective_at: pastMoment(random) }),
    ...(allowed && { promotion: allowed }),
    ...(complete && { complete, allow_removals: keys.length }),
  };
  return { type: "deployment", to, body };
}

/** Now and then a removal; rarely another digest of a known version, with which the whole deployment is refused. */
function lineOf(key: string, random: Random): ReportLine {
  const kind = key.startsWith("/") ? "page" : "software";
  const version = random() < 0.1 ? null : randomVersion(random);
  const digest = sha256(`${key} ${version}${random() < 0.01 ? " changed" : ""}`);
  return { kind, key, version, ...(version && random() < 0.5 && { digest }) };
}

export const randomVersion = (random: Random) => `1.${Math.floor(random() * 8)}.0`;

export const pastMoment = (random: Random) => new Date(Date.now() - random() * 20 * 60_000).toISOString();
