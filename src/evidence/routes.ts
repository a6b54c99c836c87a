import { Hono } from "hono";
import { findAnyEnvironment } from "../access/sites.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { type Download, download } from "../http/download.ts";
import { queryMoment } from "../http/forms.ts";
import { type Evidence, evidenceOfEnvironment, evidenceOfPromotion } from "./evidence.ts";

/** Packs that can be checked without Sitebook. */
export const evidenceRoutes = new Hono<SiteEnv>();

evidenceRoutes.get("/promotions/:number{[0-9]{1,9}}/evidence.zip", (c) =>
  download(c, async () => {
    const number = Number(c.req.param("number"));
    const whole = c.req.query("history") === "all";
    const evidence = await evidenceOfPromotion(c.var.db, c.var.access.site, number, { whole });
    return pack(c, [`promotion-${number}`, ...(whole ? ["history"] : [])], evidence);
  }),
);

evidenceRoutes.get("/environments/:environment/evidence.zip", (c) =>
  download(c, async () => {
    const { site } = c.var.access;
    const environment = findAnyEnvironment(site, c.req.param("environment"));
    const moment = { asOf: queryMoment(c, "as_of") ?? c.var.at, knownAt: queryMoment(c, "known_at") };
    const evidence = await evidenceOfEnvironment(c.var.db, site, environment, moment);
    return pack(c, [environment.slug, moment.asOf], evidence);
  }),
);

async function pack(c: SiteContext, subject: string[], evidence: Evidence): Promise<Download> {
  const { packEvidence } = await import("./pack.ts");
  const content = packEvidence(c.var.db, c.var.access.site, evidence, c.var.at);
  return { name: [...subject, "evidence"], format: "zip", content };
}
