import { Hono } from "hono";
import { historyPage } from "../../views/history/page.ts";
import { notFound } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { chainHead, createCheckpoint, latestCheckpoint, publicKey } from "../integrity/checkpoints.ts";
import { readHistoryFilter } from "./filter.ts";
import { listEvents } from "./queries.ts";
import { actionNames, sentence } from "./sentences.ts";

export const historyRoutes = new Hono<SiteEnv>();

const size = 50;

historyRoutes.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const { told, filter, wrong, people } = await readHistoryFilter(c);
  const before = /^\d{1,15}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const readable = !Object.keys(wrong).length;
  const events = readable ? await listEvents(db, site.id, { ...filter, before, limit: size + 1 }) : [];
  const shown = events.slice(0, size);
  const props = {
    site,
    now,
    events: shown.map((event) => ({ ...event, words: sentence(event) })),
    told,
    wrong,
    people,
    actions: Object.entries(actionNames).map(([value, label]) => ({ value, label })),
    continued: before !== undefined,
    next: events.length > size ? String(shown.at(-1)?.seq) : undefined,
    checkpoint: await checkpointOf(c),
  };
  return sitePage(c, { title: "History", here: "history" }, historyPage(props), readable ? 200 : wrong.key ? 404 : 422);
});

async function checkpointOf(c: SiteContext) {
  const { db, at: now } = c.var;
  const { site, permissions } = c.var.access;
  const { events } = await chainHead(db, site.id);
  const latest = await latestCheckpoint(db, site.id);
  const signed = latest && { ...latest, key: await publicKey(db) };
  return { site, now, events, signed, maySign: permissions.has("administer") };
}

historyRoutes.get("/checkpoint", async (c) => {
  const latest = (await latestCheckpoint(c.var.db, c.var.access.site.id)) ?? notFound("checkpoint");
  return c.text(latest.note);
});

historyRoutes.post("/checkpoints", async (c) => {
  const { site } = c.var.access;
  const { events } = await createCheckpoint(c.var.db, sessionActor(c), site);
  flash(c, `The history is signed up to entry ${events}.`);
  return c.redirect(`/sites/${site.slug}/history#checkpoint`, 303);
});
