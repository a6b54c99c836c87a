import type { Frame } from "../../views/layout.ts";
import type { SiteContext } from "../http/context.ts";
import { sessionActor } from "../http/session.ts";
import { needOf } from "../promotions/rules.ts";
import { environmentStatuses } from "./rail.ts";

/** The environments, each with a word on how it is, and how many promotions wait for this person. */
export async function siteFrame(
  c: SiteContext,
  environment?: string,
): Promise<Pick<Frame, "environments" | "inboxCount">> {
  const { site } = c.var.access;
  const tallies = await c.var.tallies(c.var.db, site);
  return {
    environments: environmentStatuses(site, tallies, c.var.at, environment),
    inboxCount: tallies.open.filter((one) => needOf(one, sessionActor(c))).length,
  };
}
