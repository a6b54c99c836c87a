import { Hono } from "hono";
import { liveParts } from "../../views/layout.ts";
import { findAccess } from "../access/sites.ts";
import type { SiteEnv } from "../http/context.ts";
import { sitePart } from "../http/pages.ts";
import { isSignedIn } from "../http/session.ts";
import { changeStream } from "./stream.ts";

/** What open pages of a site listen to, and what they then load of their frame. */
export const liveUpdateRoutes = new Hono<SiteEnv>();

liveUpdateRoutes.get("/changes", (c) => {
  const { db, person, changes, stopping } = c.var;
  const { site } = c.var.access;
  const refused = stopping.aborted ? 503 : changes.whyNot(person.id);
  if (refused) return c.body(null, refused, { "retry-after": "60" });
  // after a pause the browser sends what it has seen last
  const since = Number(c.req.header("last-event-id") ?? c.req.query("since"));
  const isAllowed = async () => (await isSignedIn(c)) && (await findAccess(db, person.id, site.slug)) !== undefined;
  const listening = { siteId: site.id, personId: person.id, since: Number.isSafeInteger(since) ? since : -1 };
  // nginx would otherwise collect what it passes on
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };
  return c.body(changeStream(changes, { ...listening, isAllowed, stopping }), 200, headers);
});

liveUpdateRoutes.get("/frame", async (c) => {
  const rail = (["full", "slim"] as const).find((shown) => shown === c.req.query("rail")) ?? "none";
  return sitePart(c, { title: "", rail, environment: c.req.query("environment") ?? "" }, liveParts);
});
