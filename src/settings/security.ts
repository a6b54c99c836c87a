import { Hono } from "hono";
import { siteSecurityPage } from "../../views/people/security.ts";
import { securityEventDays } from "../access/security-events.ts";
import type { SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { securityPage } from "../people/security-page.ts";
import { listSecurityEventsOfSite } from "../people/security-queries.ts";

/** What happened to the accounts of a site's people, for its administrators. */
export const securitySettingsRoutes = new Hono<SiteEnv>();

securitySettingsRoutes.get("/", async (c) => {
  const { site } = c.var.access;
  const page = await securityPage(c.req.query("before"), `/sites/${site.slug}/settings/security`, (range) =>
    listSecurityEventsOfSite(c.var.db, site.id, range),
  );
  const props = { ...page, site, zone: site.time_zone, now: c.var.at, keptDays: securityEventDays };
  return sitePage(c, { title: "Security events", here: "settings" }, siteSecurityPage(props));
});
