import { Hono } from "hono";
import { historyPage } from "../../views/history/page.ts";
import { notFound } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { download } from "../http/download.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { chainHead, createCheckpoint, latestCheckpoint, publicKey } from "../integrity/checkpoints.ts";
import { readHistoryFilter } from "./filter.ts";
import { listEvents } from "./queries.ts";
import { actionNames, sentence } from "./sentences.ts";

export const historyRoutes = new Hono<SiteEnv>();

const pageSize = 50;

historyRoutes.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const { fields, filter, errors, people } = await readHistoryFilter(c);
  const before = /^\d{1,15}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const readable = !Object.keys(errors).length;
  const events = readable ? await listEvents(db, site.id, { ...filter, before, limit: pageSize + 1 }) : [];
  const shown = events.slice(0, pageSize);
  const props = {
    site,
    now,
    events: shown.map((event) => ({ ...event, sentence: sentence(event) })),
    fields,
    errors,
    people,
    actions: Object.entries(actionNames).map(([value, label]) => ({ value, label })),
    isContinued: before !== undefined,
    next: events.length > pageSize ? String(shown.at(-1)?.seq) : undefined,
    checkpoint: await checkpointOf(c),
  };
  return sitePage(
    c,
    { title: "History", here: "history" },
    historyPage(props),
    readable ? 200 : errors.key ? 404 : 422,
  );
});

async function checkpointOf(c: SiteContext) {
  const { db, at: now } = c.var;
  const { site, may } = c.var.access;
  const { events } = await chainHead(db, site.id);
  const latest = await latestCheckpoint(db, site.id);
  const signed = latest && { ...latest, key: await publicKey(db) };
  return { site, now, events, signed, may };
}

historyRoutes.get("/checkpoint", (c) =>
  download(c, async () => {
    const { note, events } = (await latestCheckpoint(c.var.db, c.var.access.site.id)) ?? notFound("checkpoint");
    return { name: ["checkpoint", String(events)], format: "txt", content: note };
  }),
);

historyRoutes.post("/checkpoints", async (c) => {
  const { site } = c.var.access;
  const { events } = await createCheckpoint(c.var.db, sessionActor(c), site);
  flash(c, `History signed up to entry ${events}.`);
  return c.redirect(`/sites/${site.slug}/history#checkpoint`, 303);
});
