import { Hono } from "hono";
import { historyPage, type Told } from "../../views/history.ts";
import { findArtifact } from "../artifacts/queries.ts";
import { normalKey } from "../artifacts/rules.ts";
import { parseMoment } from "../environments/moments.ts";
import { missing } from "../errors.ts";
import { findPlace, page, type SiteContext, type SiteEnv } from "../web.ts";
import { type Action, actions } from "./events.ts";
import { type Filter, findActor, listEvents, membersOf } from "./queries.ts";
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

/** What the address asks for. What it names and the site has not is missing; what was typed wrong is said at its field. */
async function readFilter(c: SiteContext) {
  const { db } = c.var;
  const { site } = c.var.access;
  const field = (name: keyof Told) => c.req.query(name)?.trim() || undefined;
  const told: Told = {
    person: field("person"),
    action: field("action"),
    environment: field("environment"),
    kind: field("kind"),
    key: field("key"),
    from: field("from"),
    until: field("until"),
  };
  const wrong: Partial<Record<keyof Told, string>> = {};
  const filter: Filter = { environment: told.environment && findPlace(site, told.environment).id };
  if (told.action)
    filter.action = actions.find((one): one is Action => one === told.action) ?? missing("kind of event");
  for (const end of ["from", "until"] as const) {
    const read = told[end] ? parseMoment(told[end], site.time_zone, c.var.at) : undefined;
    if (read && "wrong" in read) wrong[end] = read.wrong;
    else filter[end] = read?.at;
  }
  const people = await membersOf(db, site.id);
  if (told.person) {
    const person = people.find((one) => one.id === told.person) ?? (await findActor(db, site.id, told.person));
    if (!person) missing("person");
    if (!people.includes(person)) people.push(person);
    filter.person = person.id;
  }
  if (told.key) {
    const kind = told.kind === "software" || !told.key.startsWith("/") ? "software" : "page";
    const artifact = await findArtifact(db, site.id, kind, normalKey(kind, told.key));
    if (artifact) filter.artifact = artifact.id;
    else wrong.key = `There is no ${kind === "page" ? "page" : "software"} ${told.key.slice(0, 60)} on this site.`;
  }
  return { told, filter, wrong, people };
}
