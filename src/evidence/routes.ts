import { Hono } from "hono";
import { findEnvironment } from "../access/sites.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { download } from "../http/download.ts";
import { queryMoment } from "../http/forms.ts";
import { type Evidence, evidenceOfEnvironment, evidenceOfPromotion } from "./evidence.ts";

/** What can be checked without Sitebook. */
export const evidenceRoutes = new Hono<SiteEnv>();

evidenceRoutes.get("/promotions/:number{[0-9]{1,9}}/evidence.zip", async (c) => {
  const number = Number(c.req.param("number"));
  return packed(c, `promotion-${number}`, await evidenceOfPromotion(c.var.db, c.var.access.site, number));
});

evidenceRoutes.get("/environments/:environment/evidence.zip", async (c) => {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment"));
  const moment = { asOf: queryMoment(c, "as_of") ?? c.var.at, knownAt: queryMoment(c, "known_at") };
  const found = await evidenceOfEnvironment(c.var.db, site, environment, moment);
  return packed(c, `${environment.slug}-${moment.asOf.replaceAll(":", "")}`, found);
});

async function packed(c: SiteContext, name: string, found: Evidence) {
  const { site } = c.var.access;
  const { packEvidence: pack } = await import("./pack.ts");
  const pieces = pack(c.var.db, site, found, c.var.at);
  return download(c, `${site.slug}-${name}-evidence.zip`, "application/zip", pieces);
}
