import { Hono } from "hono";
import { siteSettingsPage } from "../../views/settings/site.ts";
import { administersEverySite } from "../access/administrators.ts";
import { besideFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { listMembers, listTokens } from "../people/queries.ts";
import { timeZones } from "../sites/rules.ts";
import { changeSite } from "../sites/sites.ts";

export const siteSettingsRoutes = new Hono<SiteEnv>();

siteSettingsRoutes.get("/", async (c) => show(c, c.var.access.site));

siteSettingsRoutes.post("/", async (c) => {
  const form = await formFields(c, "name", "time_zone");
  try {
    await changeSite(c.var.db, sessionActor(c), c.var.access.site, form);
  } catch (error) {
    return show(c, form, besideFields(error).errors);
  }
  flash(c, "Settings saved.");
  return c.redirect(`/sites/${c.var.access.site.slug}/settings`, 303);
});

async function show(c: SiteContext, form: { name: string; time_zone: string }, errors?: Record<string, string>) {
  const { site } = c.var.access;
  const tokens = await listTokens(c.var.db, site.id);
  const counts = {
    environments: site.environments.length,
    people: (await listMembers(c.var.db, site.id)).length,
    tokens: tokens.filter(({ revoked_at, expires_at }) => !revoked_at && (!expires_at || expires_at > c.var.at)).length,
  };
  const mayChangeSignIn = await administersEverySite(c.var.db, c.var.person.id);
  const props = { site, form, counts, zones: timeZones(), mayChangeSignIn };
  const content = siteSettingsPage({ ...props, ...(errors && { errors }) });
  return sitePage(c, { title: "Settings", here: "settings" }, content, errors ? 422 : 200);
}
