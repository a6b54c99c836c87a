import { latest, type Moment } from "../environments/as-of.ts";
import { parseMoment } from "../environments/moments.ts";
import type { Environment } from "../environments/queries.ts";
import { missing } from "../errors.ts";
import type { Site } from "../sites/queries.ts";

export interface Side {
  environment: Environment;
  moment: Moment;
  /** The moment that was asked for; nothing where it is now. */
  at?: string | undefined;
  /** What had to be decided about it. */
  said?: string | undefined;
}

/** Reads `live`, or `live@2026-03-03T14:00:00Z`. An environment that the site has not is missing; a bad moment is said. */
export function parseReference(text: string, site: Site, now: string): Side | { wrong: string } {
  const [slug = "", ...moment] = text.trim().split("@");
  return sideOf(site, slug, moment.length ? moment.join("@") : "now", now);
}

/** The same from two fields: an environment, and a moment; none, or `now`, is now. */
export function sideOf(site: Site, slug: string, moment: string, now: string): Side | { wrong: string } {
  const environment = site.environments.find((one) => one.slug === slug) ?? missing("environment");
  if (!moment.trim() || moment.trim() === "now") return { environment, moment: { asOf: latest } };
  const read = parseMoment(moment, site.time_zone, now);
  return "wrong" in read ? read : { environment, moment: { asOf: read.at }, at: read.at, said: read.said };
}
