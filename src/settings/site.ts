import { Hono } from "hono";
import { sitePage } from "../../views/settings/site.ts";
import { besideFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { fields } from "../http/forms.ts";
import { page, say } from "../http/pages.ts";
import { by } from "../http/session.ts";
import { membersOf, tokensOf } from "../people/queries.ts";
import { timeZones } from "../sites/rules.ts";
import { changeSite } from "../sites/sites.ts";

export const siteSettings = new Hono<SiteEnv>();

siteSettings.get("/", async (c) => show(c, c.var.access.site));

siteSettings.post("/", async (c) => {
  const form = await fields(c, "name", "time_zone");
  try {
    await changeSite(c.var.db, by(c), c.var.access.site, form);
  } catch (error) {
    return show(c, form, besideFields(error).errors);
  }
  say(c, "The site's settings are saved.");
  return c.redirect(`/sites/${c.var.access.site.slug}/settings`, 303);
});

async function show(c: SiteContext, form: { name: string; time_zone: string }, errors?: Record<string, string>) {
  const { site } = c.var.access;
  const tokens = await tokensOf(c.var.db, site.id);
  const counts = {
    environments: site.environments.length,
    people: (await membersOf(c.var.db, site.id)).length,
    tokens: tokens.filter((one) => !one.revoked_at && (!one.expires_at || one.expires_at > c.var.at)).length,
  };
  const content = sitePage({ site, form, counts, zones: timeZones(), ...(errors && { errors }) });
  return page(c, { title: "Settings", here: "settings" }, content, errors ? 422 : 200);
}
