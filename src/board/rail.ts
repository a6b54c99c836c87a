import type { RailStop } from "../../views/layout.ts";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { formatCount, joinWithAnd } from "../text.ts";
import { shortTime } from "../time/format.ts";
import type { EnvironmentSummary, SiteSummary } from "./site-summary.ts";

/** The environments in their order, each with a word on how it stands. */
export function environmentStatuses(site: Site, tallies: SiteSummary, now: string, current?: string): RailStop[] {
  return site.environments.map((environment, i) => {
    const place = tallies.places[i] as EnvironmentSummary;
    const next = site.environments[i + 1];
    return {
      slug: environment.slug,
      name: environment.name,
      tier: environment.tier,
      href: `/sites/${site.slug}/environments/${environment.slug}`,
      gate: environment.gate?.requirements.map((one) => one.role.replaceAll("-", " ")),
      lead: lead(environment, place, next, tallies.places[i + 1]),
      waiting: waitingIn(site, tallies, environment),
      small: small(place, site, now),
      current: environment.slug === current,
    };
  });
}

function lead(
  { gate }: Environment,
  place: EnvironmentSummary,
  next: Environment | undefined,
  there: EnvironmentSummary | undefined,
): string {
  if (!place.changed_at) return "nothing recorded yet";
  if (next && there?.changed_at)
    return place.differing ? `${many(place.differing)} differ from ${next.name}` : `same as ${next.name}`;
  if (next) return `${many(place.differing)} not on ${next.name} yet`;
  if (place.out_of_band) return `${many(place.out_of_band)} out of band`;
  return gate ? "as approved" : "as recorded";
}

/** What waits at the gate into this environment, and for whom. */
function waitingIn(site: Site, tallies: SiteSummary, environment: Environment): RailStop["waiting"] {
  const open = tallies.open.filter((one) => one.environment_id === environment.id);
  const waiting = open.filter((one) => one.state === "waiting");
  if (!open.length) return;
  const wanted = new Set(
    waiting.flatMap((one) => one.requirements.filter((role) => role.given < role.needed).map((role) => role.name)),
  );
  const text = waiting.length ? `waiting for ${joinWithAnd([...wanted])}` : "approved, to be completed";
  return { count: waiting.length || open.length, text, href: `/sites/${site.slug}/approvals` };
}

const many = (count: number): string => formatCount(count);

function small(place: EnvironmentSummary, site: Site, now: string): string {
  const pages = `${many(place.pages)} ${place.pages === 1 ? "page" : "pages"}, ${many(place.software)} software`;
  return place.changed_at
    ? `${pages} · last change ${shortTime(place.changed_at, site.time_zone, now)}`
    : "tell it what stands there";
}
