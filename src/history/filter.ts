import type { HistoryFields } from "../../views/history/page.ts";
import { findEnvironment } from "../access/sites.ts";
import { notFound } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { findArtifact } from "../record/artifacts.ts";
import { type Action, actions } from "../record/events.ts";
import { normalKey } from "../record/keys.ts";
import { findActor, type HistoryFilter, listSiteActors } from "./queries.ts";

/** What the address asks for. What it names and the site has not is missing; what was typed wrong is said at its field. */
export async function readHistoryFilter(c: SiteContext) {
  const { db } = c.var;
  const { site } = c.var.access;
  const field = (name: keyof HistoryFields) => c.req.query(name)?.trim() || undefined;
  const told: HistoryFields = {
    person: field("person"),
    action: field("action"),
    environment: field("environment"),
    kind: field("kind"),
    key: field("key"),
    from: field("from"),
    until: field("until"),
  };
  const wrong: Partial<Record<keyof HistoryFields, string>> = {};
  const filter: HistoryFilter = { environment: told.environment && findEnvironment(site, told.environment).id };
  if (told.action)
    filter.action = actions.find((one): one is Action => one === told.action) ?? notFound("kind of event");
  for (const end of ["from", "until"] as const) {
    const { at, wrong: problem } = readMoment(c, told[end]);
    if (problem) wrong[end] = problem;
    else filter[end] = at;
  }
  const people = await listSiteActors(db, site.id);
  if (told.person) {
    const person = people.find((one) => one.id === told.person) ?? (await findActor(db, site.id, told.person));
    if (!person) notFound("person");
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
