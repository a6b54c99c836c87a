import { Hono } from "hono";
import { promotionTextPage } from "../../views/observations/promotion-text.ts";
import type { SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { promotionText } from "./promotion-text.ts";

/** What the pages of a promotion change for those who read them, below /sites/:site/promotions. */
export const promotionTextRoutes = new Hono<SiteEnv>();

promotionTextRoutes.get("/:number{[0-9]{1,9}}/text", async (c) => {
  const { site } = c.var.access;
  const text = await promotionText(c.var.db, site, Number(c.req.param("number")), c.req.query("page") ?? "");
  return sitePage(
    c,
    { title: `Text of ${text.page.key}`, here: "inbox", environment: text.to.slug },
    promotionTextPage({ ...text, site, now: c.var.at }),
  );
});
