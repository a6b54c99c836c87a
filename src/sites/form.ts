import type { Context } from "hono";
import type { SiteForm } from "../../views/sites.ts";
import { formFields } from "../http/forms.ts";
import { slugFrom } from "../text.ts";
import type { NewSite } from "./rules.ts";

/** The form for a new site. Its time zone is that of this machine, as a good guess. */
export const emptySite = (): SiteForm => ({
  name: "",
  slug: "",
  time_zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
});

// biome-ignore lint/suspicious/noExplicitAny: the form is on pages with different contexts
export async function readSite(c: Context<any>): Promise<SiteForm> {
  const form = await formFields(c, "site.name", "site.slug", "site.time_zone");
  return { name: form["site.name"], slug: form["site.slug"].trim(), time_zone: form["site.time_zone"] };
}

export function siteFromForm({ name, slug, time_zone }: SiteForm): NewSite {
  return { name, slug: slug || slugFrom(name), time_zone: time_zone || "UTC" };
}
