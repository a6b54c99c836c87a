import { sha256 } from "../../src/database/ids.ts";
import type { ReportLine } from "../../src/record/report.ts";
import { shuffled } from "../support/seeded.ts";
import type { Known, Wanted } from "./ledger.ts";

type Random = () => number;

const keys = [
  ...Array.from({ length: 200 }, (_, i) => `/${["", "sale/", "news/", "help/"][i % 4]}page-${i}`),
  ...Array.from({ length: 10 }, (_, i) => `service-${i}`),
];

/** So many that a thread of its own records them. */
const depot = Array.from({ length: 600 }, (_, i) => `/depot/page-${i}`);

/** A few lines mostly, on beta mostly; now and then many, a whole inventory, late, or by leave of a promotion. */
export function deploymentOf(promotions: Known[], note: string, random: Random): Wanted {
  const to = random() < 0.85 ? "beta" : random() < 0.5 ? "demo" : "live";
  const allowed = random() < 0.3 ? promotions.find((one) => one.to === to)?.number : undefined;
  const complete = random() < 0.015;
  const count = complete ? keys.length * 0.7 : random() < 0.05 ? 40 : 1 + random() * 4;
  const some = random() < 0.01 ? depot : shuffled(keys, random).slice(0, count);
  const placements = some.map((key) => lineOf(key, random));
  const body = {
    note,
    placements,
    ...(random() < 0.15 && { effective_at: past(random) }),
    ...(allowed && { promotion: allowed }),
    ...(complete && { complete }),
  };
  return { deed: "deployment", to, body };
}

/** Now and then a removal, and, rarely, another content under a label that is known: all of such a deployment is refused. */
function lineOf(key: string, random: Random): ReportLine {
  const kind = key.startsWith("/") ? "page" : "software";
  const version = random() < 0.1 ? null : versionOf(random);
  const digest = sha256(`${key} ${version}${random() < 0.01 ? " otherwise" : ""}`);
  return { kind, key, version, ...(version && random() < 0.5 && { digest }) };
}

export const versionOf = (random: Random) => `1.${Math.floor(random() * 8)}.0`;

export const past = (random: Random) => new Date(Date.now() - random() * 20 * 60_000).toISOString();
