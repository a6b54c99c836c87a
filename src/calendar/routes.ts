import { Hono } from "hono";
import { calendarPage } from "../../views/calendar.ts";
import { listFreezes } from "../freezes/queries.ts";
import type { SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { localInput } from "../time/format.ts";
import { boundsOf, freezesByDay, periodOf, weekOf } from "./days.ts";
import { completedBetween, plannedBetween } from "./queries.ts";

export const calendarRoutes = new Hono<SiteEnv>();

const maxPromotions = 1000;

calendarRoutes.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const zone = site.time_zone;
  const period = periodOf(c.req.query(), zone, now);
  const { from, until } = boundsOf(period.dates, zone);
  const freezes = await listFreezes(db, site.id, { startsBefore: until, endsAfter: from });
  const promotions = await completedBetween(db, site.id, from, until, maxPromotions);
  const planned = await plannedBetween(db, site.id, from, until);
  const content = calendarPage({
    site,
    now,
    period,
    today: localInput(now, zone).slice(0, 10),
    week: weekOf(period.kind === "week" ? period.name : (period.dates[0] as string)).name,
    freezes: freezesByDay(freezes.reverse(), period.dates, { zone, now }),
    promotions: Map.groupBy(promotions, ({ effective_at }) => localInput(effective_at, zone).slice(0, 10)),
    planned: Map.groupBy(planned, ({ at }) => localInput(at, zone).slice(0, 10)),
    isCut: promotions.length === maxPromotions,
  });
  return sitePage(c, { title: "Calendar", here: "calendar" }, content);
});
