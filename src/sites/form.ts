import type { Context } from "hono";
import type { SiteForm } from "../../views/sites.ts";
import { formFields } from "../http/forms.ts";
import { slugFrom } from "../text.ts";
import { defaultEnvironments, type NewSite } from "./rules.ts";

/** The form for a new site. Its time zone is that of this machine, until the browser says its own. */
export const emptySite = (): SiteForm => ({
  name: "",
  slug: "",
  time_zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  addresses: defaultEnvironments.map(({ slug }) => ({ name: slug, url: "" })),
  proposed: true,
});

const addressField = (i: number) => `site.environments.${i}.servers.0.base_url`;

// biome-ignore lint/suspicious/noExplicitAny: the form is on pages with different contexts
export async function readSite(c: Context<any>): Promise<SiteForm> {
  const form = await formFields(c, "site.name", "site.slug", "site.time_zone");
  const urls = await formFields(c, ...defaultEnvironments.map((_, i) => addressField(i)));
  return {
    name: form["site.name"],
    slug: form["site.slug"].trim(),
    time_zone: form["site.time_zone"],
    addresses: defaultEnvironments.map(({ slug }, i) => ({ name: slug, url: urls[addressField(i)]?.trim() ?? "" })),
  };
}

export function siteFromForm({ name, slug, time_zone, addresses }: SiteForm): NewSite {
  const environments = defaultEnvironments.map((environment, i) => {
    const url = addresses[i]?.url;
    return url ? { ...environment, servers: [{ name: "web", base_url: url }] } : environment;
  });
  return { name, slug: slug || slugFrom(name), time_zone: time_zone || "UTC", environments };
}
