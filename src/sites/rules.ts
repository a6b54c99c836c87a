import { controls } from "../artifacts/rules.ts";
import type { FieldError } from "../errors.ts";
import type { Permission } from "../people/roles.ts";
import type { Tier } from "../schema.ts";

export interface NewSite {
  slug: string;
  name: string;
  time_zone?: string;
  environments?: NewEnvironment[];
}

export interface NewEnvironment {
  slug: string;
  name?: string;
  tier?: Tier;
  servers?: { name: string; base_url: string }[];
}

export const mostEnvironments = 20;

export const defaultEnvironments: NewEnvironment[] = [
  { slug: "beta", name: "beta", tier: "development" },
  { slug: "demo", name: "demo", tier: "staging" },
  { slug: "live", name: "live", tier: "production" },
];

export function whyNotSlug(slug: string): string | undefined {
  if (/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(slug)) return;
  return "A short name is 1 to 40 small letters, digits and hyphens, and begins and ends with a letter or digit.";
}

/** A short name made of a name: Fennel & Co becomes fennel-co. */
export function slugFrom(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, 40)
    .replace(/-$/, "");
}

export const timeZones = (): string[] => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

export function whyNotName(name: string): string | undefined {
  if (!name.trim()) return "Give it a name.";
  if (name.length > 200) return `A name has at most 200 characters; this one has ${name.length}.`;
  if (controls.test(name)) return "A name has no control characters and no line breaks.";
}

export function whyNotTimeZone(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    return `"${zone.slice(0, 60)}" is no time zone; write one like Europe/London.`;
  }
}

export function whyNotBaseUrl(url: string): string | undefined {
  const parsed = url.length <= 2000 && !/\s/.test(url) && !controls.test(url) ? URL.parse(url) : null;
  if (parsed && /^https?:$/.test(parsed.protocol) && !parsed.search && !parsed.hash && !parsed.username) return;
  return "A server's address begins with http:// or https:// and has no spaces, query, fragment or password.";
}

/** Takes what somebody may do on any site at all. */
export function whyNotMakeSite(permissions: ReadonlySet<Permission>): string | undefined {
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
  if (!environments.length || environments.length > mostEnvironments)
    note("environments", `A site has 1 to ${mostEnvironments} environments.`);
  environments.forEach((environment, i) => {
    for (const error of environmentErrors(
      environment,
      environments.slice(0, i).map((one) => one.slug),
    ))
      note(`environments.${i}.${error.path}`, error.message);
  });
  return errors;
}

const tiers: string[] = ["development", "testing", "staging", "production", "other"] satisfies Tier[];

function whyNotTier(tier: string): string | undefined {
  if (!tiers.includes(tier)) return `The kind is one of ${tiers.join(", ")}.`;
}

export function environmentErrors(environment: NewEnvironment, taken: string[]): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  note("slug", whyNotSlug(environment.slug));
  if (taken.includes(environment.slug))
    note("slug", `There is already an environment ${environment.slug} on this site.`);
  note("name", whyNotName(environment.name ?? environment.slug));
  note("tier", whyNotTier(environment.tier ?? "other"));
  (environment.servers ?? []).forEach((server, i) => {
    note(`servers.${i}.name`, whyNotName(server.name));
    note(`servers.${i}.base_url`, whyNotBaseUrl(server.base_url));
  });
  return errors;
}
