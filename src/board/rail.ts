import type { RailStop } from "../../views/layout.ts";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { countOf, formatCount, joinWithAnd } from "../text.ts";
import type { EnvironmentSummary, SiteSummary } from "./site-summary.ts";

/** The environments in their order, each with its state in a few words. */
export function environmentStatuses(site: Site, summary: SiteSummary, current?: string): RailStop[] {
  return site.environments.map((environment, i) => {
    const counts = summary.environments[i] as EnvironmentSummary;
    const next = site.environments[i + 1];
    return {
      slug: environment.slug,
      name: environment.name,
      tier: environment.tier,
      href: `/sites/${site.slug}/environments/${environment.slug}`,
      gate: environment.gate?.requirements.map(({ role }) => role.replaceAll("-", " ")),
      lead: lead(environment, counts, next, summary.environments[i + 1], summary.unknown > 0),
      waiting: waitingAt(site, summary, environment),
      small: small(counts),
      changedAt: counts.changed_at ?? undefined,
      current: environment.slug === current,
      frozen: summary.frozen.get(environment.id),
    };
  });
}

function lead(
  { gate }: Environment,
  counts: EnvironmentSummary,
  next: Environment | undefined,
  nextCounts: EnvironmentSummary | undefined,
  anyUnknown: boolean,
): string {
  if (!counts.changed_at) return "nothing recorded yet";
  if (next && nextCounts?.changed_at) {
    const differ = counts.differing === 1 ? "differs" : "differ";
    if (counts.differing) return `${formatCount(counts.differing)} ${differ} from ${next.name}`;
    return anyUnknown ? `no known difference from ${next.name}` : `same as ${next.name}`;
  }
  if (next) return `${next.name} is unknown`;
  if (counts.out_of_band) return `${formatCount(counts.out_of_band)} out of band`;
  if (counts.baseline_only) return "as in the baseline";
  return gate ? "as approved" : "as recorded";
}

/** How many promotions are open at the gate to this environment, and whose approvals they are waiting for. */
function waitingAt(site: Site, summary: SiteSummary, environment: Environment): RailStop["waiting"] {
  const open = summary.open.filter((promotion) => promotion.environment_id === environment.id);
  if (!open.length) return;
  const unblocked = open.filter((promotion) => !summary.blockers.has(promotion.id));
  const waiting = unblocked.filter((promotion) => promotion.state === "waiting");
  const missing = waiting.flatMap(({ requirements }) => requirements.filter(({ given, needed }) => given < needed));
  const roles = [...new Set(missing.map((role) => role.name))];
  const href = `/sites/${site.slug}/approvals`;
  if (waiting.length) return { count: waiting.length, text: `waiting for ${joinWithAnd(roles)}`, href };
  if (unblocked.length) return { count: unblocked.length, text: "approved, not yet completed", href };
  return { count: open.length, text: "blocked", href };
}

const small = ({ pages, software, changed_at }: EnvironmentSummary): string =>
  changed_at ? `${countOf(pages, "page")}, ${countOf(software, "software item")}` : "record what is there";
