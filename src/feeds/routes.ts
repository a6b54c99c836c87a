import { type Context, Hono } from "hono";
import { sql } from "kysely";
import { atomFeed } from "../../views/feeds/atom.ts";
import { badgeImage } from "../../views/feeds/badge.ts";
import { feedAddressPage, feedsPage } from "../../views/feeds/page.ts";
import { environmentById, type Site } from "../access/sites.ts";
import { precompiled } from "../database/precompiled.ts";
import { besideFields, notFound } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { AppEnv, SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { badgeOf } from "./badge.ts";
import { calendarEvents } from "./calendar-feed.ts";
import { environmentFeed } from "./environment-feed.ts";
import { createFeed, openFeed, revokeFeed } from "./feeds.ts";
import { formatCalendar } from "./icalendar.ts";
import { type Feed, listFeeds } from "./queries.ts";
import { feedChoices, feedEndings, feedTitle } from "./rules.ts";
import { sendFresh } from "./send.ts";

/** The page on which people create and revoke secret addresses. */
export const feedRoutes = new Hono<SiteEnv>();

feedRoutes.get("/", (c) => show(c, { what: c.req.query("what") ?? "", about: "", name: "" }));

feedRoutes.post("/", async (c) => {
  const form = await formFields(c, "what", "about", "name");
  const { site } = c.var.access;
  try {
    const { title, path } = await createFeed(c.var.db, sessionActor(c), site, form);
    containsSecret(c);
    const content = feedAddressPage({ site, title, address: c.var.baseUrl + path });
    return sitePage(c, { title }, content, 201);
  } catch (error) {
    const { errors, status } = besideFields(error, "what");
    return show(c, form, errors, status as 409 | 422);
  }
});

feedRoutes.post("/:feed{[0-9a-f-]{36}}/revocation", async (c) => {
  const { title } = await revokeFeed(c.var.db, sessionActor(c), c.var.access.site, c.req.param("feed"));
  flash(c, `Address revoked: ${title}.`);
  return c.redirect(`/sites/${c.var.access.site.slug}/feeds`, 303);
});

async function show(
  c: SiteContext,
  form: { what: string; about: string; name: string },
  errors: Record<string, string> = {},
  status: 200 | 409 | 422 = 200,
) {
  const { site, may } = c.var.access;
  const feeds = await listFeeds(c.var.db, site.id, may.administer ? undefined : c.var.person.id);
  const content = feedsPage({
    site,
    feeds: feeds.map((feed) => ({ ...feed, title: feedTitle(feed) })),
    all: may.administer,
    choices: feedChoices(site.environments),
    form,
    errors,
    now: c.var.at,
  });
  return sitePage(c, { title: "Feeds" }, content, status);
}

/** What programs read at a secret address. Neither cookies nor tokens count here. */
export const secretFeeds = new Hono<AppEnv>();

secretFeeds.get("/:file{sbf_[\\w-]{43}\\.(?:atom|ics|svg)}", async (c) => {
  const [secret = "", ending] = c.req.param("file").split(".");
  const opened = await openFeed(c.var.db, secret, c.var.at);
  if (!opened || feedEndings[opened.feed.kind] !== ending) notFound("feed");
  const { feed, site } = opened;
  const changedAt = (await lastEvent(c.var.db, site.id))[0]?.recorded_at ?? feed.created_at;
  const { text, type } = await documentOf(c, site, feed);
  return sendFresh(c, text, { type, changedAt });
});

async function documentOf(
  { var: { db, at: now, baseUrl }, req }: Context<AppEnv>,
  site: Site,
  feed: Feed,
): Promise<{ text: string; type: string }> {
  if (feed.kind === "calendar") {
    const events = await calendarEvents(db, site, { now, baseUrl });
    return { text: formatCalendar(site.name, events), type: "text/calendar; charset=utf-8" };
  }
  if (feed.kind === "environment") {
    const environment = environmentById(site, feed.environment_id ?? "");
    const content = await environmentFeed(db, site, environment, feed);
    return {
      text: atomFeed({ ...content, site, baseUrl, self: baseUrl + req.path }).text,
      type: "application/atom+xml; charset=utf-8",
    };
  }
  return { text: badgeImage(await badgeOf(db, site, feed)).text, type: "image/svg+xml; charset=utf-8" };
}

const lastEvent = precompiled((db, siteId: string) =>
  db.selectFrom("events").select("recorded_at").where("site_id", "=", siteId).orderBy("seq", "desc").limit(sql.lit(1)),
);
