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
    return `"${zone.slice(0, 60)}" is not a time zone. Enter one like Europe/London.`;
  }
}

/** `permissions` are all that a person has, on whatever site. */
export function whyNotCreateSite(permissions: ReadonlySet<Permission>): string | undefined {
  if (permissions.has("administer")) return;
  return "You may not create sites. An administrator of any site can create another one.";
}

/** Everything that is wrong with a new site, by field. */
export function siteErrors(site: NewSite): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, message: string | undefined) => message && errors.push({ path, message });
  // the page derives the short name from the name: if both are missing, only the name has to be entered
  check("slug", site.slug || site.name.trim() ? whyNotSlug(site.slug) : undefined);
  check("name", whyNotName(site.name));
  check("time_zone", whyNotTimeZone(site.time_zone ?? "UTC"));
  const environments = site.environments ?? defaultEnvironments;
  if (!environments.length || environments.length > maxEnvironments)
    check("environments", `A site has 1 to ${maxEnvironments} environments.`);
  environments.forEach((environment, i) => {
    for (const error of environmentErrors(environment, environments.slice(0, i)))
      check(`environments.${i}.${error.path}`, error.message);
  });
  return errors;
}
