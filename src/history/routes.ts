import { Hono } from "hono";
import { historyPage } from "../../views/history.ts";
import { page, type SiteEnv } from "../web.ts";
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
  };
  return page(c, { title: "History", here: "history" }, historyPage(props), readable ? 200 : wrong.key ? 404 : 422);
});
