import type { ActingPerson, Person } from "../access/actor.ts";
import { administersEverySite } from "../access/administrators.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import { closeAllSessions, closeSessionsOf } from "../access/sessions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound, refuse } from "../errors.ts";
import { belongsElsewhere, findMember } from "./queries.ts";
import { whyNotSignOut, whyNotSignOutEverybody } from "./rules.ts";

/** Why an administrator of a site cannot sign a member of it out. */
export async function whyNotSignOutMember(
  db: Database,
  administrator: Person,
  site: Site,
  member: { id: string; name: string },
): Promise<string | undefined> {
  return whyNotSignOut(administrator, member, await belongsElsewhere(db, site, administrator.id, member.id));
}

/** Ends all sessions of a member of a site. Throws a Refusal with 404 if they are none, and with 403 as the rule says. */
export async function signOutMember(
  db: Database,
  { person, client, at }: ActingPerson,
  site: Site,
  personId: string,
): Promise<{ name: string }> {
  return db.transaction().execute(async (trx) => {
    const member = (await findMember(trx, site.id, personId)) ?? notFound("person on this site");
    refuse(await whyNotSignOutMember(trx, person, site, member), 403);
    await closeSessionsOf(trx, member.id);
    await recordSecurityEvent(trx, at, client, { kind: "sessions_ended", personId: member.id, byId: person.id });
    return { name: member.name };
  });
}

/** Ends all sessions of all people and guests except this one. Throws a Refusal with 403. `keptHash`: of that session. */
export async function signOutEverybody(
  db: Database,
  { person, client, at }: ActingPerson,
  keptHash: string,
): Promise<void> {
  refuse(whyNotSignOutEverybody(await administersEverySite(db, person.id)), 403);
  await db.transaction().execute(async (trx) => {
    await closeAllSessions(trx, keptHash);
    await recordSecurityEvent(trx, at, client, {
      kind: "sessions_ended",
      personId: person.id,
      detail: "everybody else",
    });
  });
}
