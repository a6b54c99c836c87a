import type { HistoryFields } from "../../views/history/page.ts";
import { findAnyEnvironment } from "../access/sites.ts";
import { notFound } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { readMoment, readRangeEnd } from "../http/forms.ts";
import { findArtifact } from "../record/artifacts.ts";
import { type Action, actions } from "../record/events.ts";
import { normalKey } from "../record/keys.ts";
import { findActor, type HistoryFilter, listSiteActors } from "./queries.ts";

/**
 * The filter in the address, with the text of its fields and the people to select from. `errors` are about what the user
 * typed. Throws a Refusal with 404 for an environment, action or person that the site does not have.
 */
export async function readHistoryFilter(c: SiteContext) {
  const { db } = c.var;
  const { site } = c.var.access;
  const field = (name: keyof HistoryFields) => c.req.query(name)?.trim() || undefined;
  const fields: HistoryFields = {
    person: field("person"),
    action: field("action"),
    environment: field("environment"),
    kind: field("kind"),
    key: field("key"),
    from: field("from"),
    until: field("until"),
  };
  const errors: Partial<Record<keyof HistoryFields, string>> = {};
  const filter: HistoryFilter = { environment: fields.environment && findAnyEnvironment(site, fields.environment).id };
  if (fields.action)
    filter.action = actions.find((action): action is Action => action === fields.action) ?? notFound("activity");
  for (const end of ["from", "until"] as const) {
    const { at, wrong } = (end === "from" ? readMoment : readRangeEnd)(c, fields[end]);
    if (wrong) errors[end] = wrong;
    else filter[end] = at;
  }
  const people = await listSiteActors(db, site.id);
  if (fields.person) {
    const person = people.find(({ id }) => id === fields.person) ?? (await findActor(db, site.id, fields.person));
    if (!person) notFound("person");
    if (!people.includes(person)) people.push(person);
    filter.person = person.id;
  }
  if (fields.key) {
    const kind = fields.kind === "software" || !fields.key.startsWith("/") ? "software" : "page";
    const artifact = await findArtifact(db, site.id, kind, normalKey(kind, fields.key));
    if (artifact) filter.artifact = artifact.id;
    else errors.key = `There is no ${kind} ${fields.key.slice(0, 60)} on this site.`;
  }
  return { fields, filter, errors, people: people.map(({ id, shown }) => ({ id, name: shown })) };
}
