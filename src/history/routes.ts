import { Hono } from "hono";
import { historyPage } from "../../views/history/page.ts";
import { missing } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { page, say } from "../http/pages.ts";
import { by } from "../http/session.ts";
import { checkpoint, headOf, latestCheckpoint, publicKey } from "../integrity/checkpoints.ts";
import { readFilter } from "./filter.ts";
import { listEvents } from "./queries.ts";
import { actionNames, sentence } from "./sentences.ts";

export const history = new Hono<SiteEnv>();

const size = 50;

history.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const { told, filter, wrong, people } = await readFilter(c);
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
  return page(c, { title: "History", here: "history" }, historyPage(props), readable ? 200 : wrong.key ? 404 : 422);
});

async function checkpointOf(c: SiteContext) {
  const { db, at: now } = c.var;
  const { site, permissions } = c.var.access;
  const { events } = await headOf(db, site.id);
  const latest = await latestCheckpoint(db, site.id);
  const signed = latest && { ...latest, key: await publicKey(db) };
  return { site, now, events, signed, maySign: permissions.has("administer") };
}

history.get("/checkpoint", async (c) => {
  const latest = (await latestCheckpoint(c.var.db, c.var.access.site.id)) ?? missing("checkpoint yet");
  return c.text(latest.note);
});

history.post("/checkpoints", async (c) => {
  const { site } = c.var.access;
  const { events } = await checkpoint(c.var.db, by(c), site);
  say(c, `The history is signed up to entry ${events}.`);
  return c.redirect(`/sites/${site.slug}/history#checkpoint`, 303);
});
