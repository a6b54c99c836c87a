import type { Actor } from "../access/actor.ts";
import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { type Delegation, listDelegations, possibleSubstitutes } from "./queries.ts";
import { type NewDelegation, whyNotDelegate, whyNotEnd, whyNotPeriod } from "./rules.ts";

/** Names a substitute who may decide in a role of the actor's for a period. Throws a Refusal with 422 for each rule it breaks. */
export function setDelegation(db: Database, actor: Actor, site: Site, request: NewDelegation): Promise<{ id: string }> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    refuseFields(fieldErrors({ until: whyNotPeriod(request, actor.at) }));
    const delegations = (await listDelegations(trx, site.id)).filter((one) => !one.ended_at);
    const substitute = (await possibleSubstitutes(trx, site.id)).find(({ id }) => id === request.substitute);
    const roleName = (await roleNames(trx))[request.role] ?? request.role;
    const { person, roles } = actor;
    const facts = { substitute, roleName, delegations };
    const wrong = whyNotDelegate({ id: person.id, kind: person.kind, roles }, request, facts);
    refuseFields(wrong ? [wrong] : []);
    const row = {
      id: newId(Date.parse(actor.at)),
      site_id: site.id,
      person_id: person.id,
      substitute_id: request.substitute,
      role: request.role,
      from_at: request.from_at,
      until_at: request.until_at,
      created_at: actor.at,
    };
    await trx.insertInto("delegations").values(row).execute();
    await appendEvent(trx, actor, site.id, {
      action: "delegation_set",
      subject: `delegation to ${substitute?.name}`,
      subject_id: row.id,
      details: { ...row, member: substitute?.name },
    });
    return { id: row.id };
  });
}

/** Ends a delegation early. Ending it again changes nothing. Throws a Refusal with 403 for others, and 409 if it is over. */
export async function endDelegation(db: Database, actor: Actor, site: Site, id: string): Promise<void> {
  await siteTransaction(db, actor, site.id, async (trx, actor) => {
    const found = (await listDelegations(trx, site.id)).find((one) => one.id === id) ?? notFound("delegation");
    if (found.ended_at) return;
    const administers = actor.permissions.has("administer");
    const clock = { now: actor.at, zone: site.time_zone };
    const why = whyNotEnd(found, { id: actor.person.id, administers }, clock);
    refuse(why, found.until_at < actor.at ? 409 : 403);
    await endWithin(trx, actor, site, found);
  });
}

async function endWithin(trx: Database, actor: Actor, site: Site, delegation: Delegation): Promise<void> {
  const row = { delegation_id: delegation.id, person_id: actor.person.id, ended_at: actor.at };
  await trx.insertInto("delegation_ends").values(row).execute();
  await appendEvent(trx, actor, site.id, {
    action: "delegation_ended",
    subject: `delegation to ${delegation.substitute}`,
    subject_id: delegation.id,
    details: { ...row, member: delegation.substitute, away: delegation.person, role: delegation.role },
  });
}

/** The delegations by a person or to them that are not over. */
export async function delegationsOf(db: Database, siteId: string, personId: string, at: string): Promise<Delegation[]> {
  const all = await listDelegations(db, siteId);
  return all.filter(
    ({ person_id, substitute_id, ended_at, until_at }) =>
      !ended_at && until_at >= at && [person_id, substitute_id].includes(personId),
  );
}

/** Ends them, within a transaction that has locked the site. */
export async function endDelegationsOf(trx: Database, actor: Actor, site: Site, personId: string): Promise<void> {
  for (const delegation of await delegationsOf(trx, site.id, personId, actor.at))
    await endWithin(trx, actor, site, delegation);
}
