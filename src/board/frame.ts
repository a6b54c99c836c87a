import type { Frame } from "../../views/layout.ts";
import type { SiteContext } from "../http/context.ts";
import { sessionActor } from "../http/session.ts";
import { rejectionsOf } from "../promotions/rejections.ts";
import { needOf } from "../promotions/rules.ts";
import { environmentStatuses } from "./rail.ts";

/** What is shown around every page of a site: its environments, and how many promotions need this person. */
export async function siteFrame(
  c: SiteContext,
  environment?: string,
): Promise<Pick<Frame, "environments" | "inboxCount">> {
  const { site } = c.var.access;
  const summary = await c.var.siteSummary(c.var.db, site);
  const actor = sessionActor(c);
  const { blockers } = summary;
  const open = summary.open.filter((promotion) => needOf(promotion, actor, blockers.get(promotion.id) ?? []));
  return {
    environments: environmentStatuses(site, summary, environment),
    inboxCount: open.length + (await rejectionsOf(c.var.db, actor, site.id)).length,
  };
}
