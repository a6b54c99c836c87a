import { stepTitle } from "../../views/board/first-steps.ts";
import type { Frame } from "../../views/layout.ts";
import { withDelegations } from "../delegations/queries.ts";
import type { SiteContext } from "../http/context.ts";
import { sessionActor } from "../http/session.ts";
import { forcedToReview } from "../promotions/break-glass.ts";
import { unreadOf } from "../promotions/comments.ts";
import { takeDownsDue } from "../promotions/due-moments.ts";
import { needOf } from "../promotions/need-rules.ts";
import { rejectionsOf } from "../promotions/rejections.ts";
import { firstSteps, nextStep } from "./first-steps.ts";
import { leftForLater } from "./left-steps.ts";
import { environmentStatuses } from "./rail.ts";
import type { SiteSummary } from "./site-summary.ts";

/** What is shown around every page of a site: its environments, and how much needs this person. */
export async function siteFrame(
  c: SiteContext,
  { environment, nextStep }: { environment?: string | undefined; nextStep?: boolean | undefined },
): Promise<Pick<Frame, "environments" | "events" | "inboxCount" | "nextStep">> {
  const { site } = c.var.access;
  const summary = await c.var.siteSummary(c.var.db, site);
  const actor = await withDelegations(c.var.db, site.id, sessionActor(c));
  const { blockers } = summary;
  const open = summary.open.filter((promotion) => needOf(promotion, actor, blockers.get(promotion.id) ?? []));
  const forced = await forcedToReview(c.var.db, actor, site.id);
  const rejected = await rejectionsOf(c.var.db, actor, site.id);
  const overdue = await takeDownsDue(c.var.db, actor, site.id);
  return {
    events: summary.events,
    environments: environmentStatuses(site, summary, environment),
    inboxCount:
      open.length +
      overdue.length +
      rejected.length +
      forced.length +
      (c.var.access.may.record ? summary.findings.length : 0) +
      (await unreadOf(c.var.db, site.id, actor.person.id)).length,
    nextStep: nextStep ? await linkToNextStep(c, summary) : undefined,
  };
}

async function linkToNextStep(c: SiteContext, summary: SiteSummary): Promise<Frame["nextStep"]> {
  const { site, may } = c.var.access;
  const steps = await firstSteps(c.var.db, site, summary, { may, now: c.var.at, leftForLater: leftForLater(c) });
  const next = steps && nextStep(steps);
  return next?.href === undefined ? undefined : { href: next.href, text: stepTitle(site, next.name) };
}
