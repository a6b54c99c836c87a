import type { Frame } from "../../views/layout.ts";
import type { SiteContext } from "../http/context.ts";
import { sessionActor } from "../http/session.ts";
import { needOf } from "../promotions/rules.ts";
import { environmentStatuses } from "./rail.ts";

/** What is shown around every page of a site: its environments, and how many promotions need this person. */
export async function siteFrame(
  c: SiteContext,
  environment?: string,
): Promise<Pick<Frame, "environments" | "inboxCount">> {
  const { site } = c.var.access;
  const summary = await c.var.siteSummary(c.var.db, site);
  return {
    environments: environmentStatuses(site, summary, c.var.at, environment),
    inboxCount: summary.open.filter((promotion) => needOf(promotion, sessionActor(c))).length,
  };
}
