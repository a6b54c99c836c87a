import type { Permission } from "../access/permissions.ts";
import { environmentErrors, maxEnvironments, type NewEnvironment } from "../environments/rules.ts";
import type { FieldError } from "../errors.ts";
import { whyNotName, whyNotSlug } from "../text.ts";

export interface NewSite {
  slug: string;
  name: string;
  time_zone?: string;
  environments?: NewEnvironment[];
}

export const defaultEnvironments: NewEnvironment[] = [
  { slug: "beta", name: "beta", tier: "development" },
  { slug: "demo", name: "demo", tier: "staging" },
  { slug: "live", name: "live", tier: "production" },
];

export const timeZones = (): string[] => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

export function whyNotTimeZone(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    return `"${zone.slice(0, 60)}" is no time zone; write one like Europe/London.`;
  }
}

/** Takes what somebody may do on any site at all. */
export function whyNotCreateSite(permissions: ReadonlySet<Permission>): string | undefined {
  if (permissions.has("administer")) return;
  return "You may not make sites. Whoever administers a site may make another one.";
}

/** All that is wrong with a new site, each with its field. */
export function siteErrors(site: NewSite): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  // a page makes the short name of the name, so where both are missing it is the name that has to be written
  note("slug", site.slug || site.name.trim() ? whyNotSlug(site.slug) : undefined);
  note("name", whyNotName(site.name));
  note("time_zone", whyNotTimeZone(site.time_zone ?? "UTC"));
  const environments = site.environments ?? defaultEnvironments;
  if (!environments.length || environments.length > maxEnvironments)
    note("environments", `A site has 1 to ${maxEnvironments} environments.`);
  environments.forEach((environment, i) => {
    for (const error of environmentErrors(
      environment,
      environments.slice(0, i).map((one) => one.slug),
    ))
      note(`environments.${i}.${error.path}`, error.message);
  });
  return errors;
}
