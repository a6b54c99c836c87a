import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { listRoles, type Role } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { dropLinks, newLink } from "./links.ts";
import { belongsElsewhere, findMember, listMembers, type Member } from "./queries.ts";
import {
  normalEmail,
  whyNotEmail,
  whyNotGiveLink,
  whyNotPersonName,
  whyNotRoles,
  whyNotTakeAdministrator,
} from "./rules.ts";

export interface Invitation {
  name: string;
  email: string;
  roles: string[];
}

export interface Invited {
  id: string;
  name: string;
  /** What they hold now that they did not hold before. */
  given: string[];
  /** The secret of a link to hand over; nothing for somebody who signs in already, or who has a link from elsewhere. */
  link?: string | undefined;
}

/** Gives roles by e-mail address, and a link to those who have no password yet. Who has an account keeps its name. */
export function invite(db: Database, by: Actor, site: Site, invitation: Invitation): Promise<Invited> {
  refuse(whyNotMay(by, "administer"), 403);
  const { name, roles } = invitation;
  const email = normalEmail(invitation.email);
  return siteTransaction(db, withoutReplay(by), site.id, async (trx, by) => {
    const all = await listRoles(trx);
    refuseFields(
      fieldErrors({ name: whyNotPersonName(name), email: whyNotEmail(email), roles: whyNotRoles(roles, all) }),
    );
    const known = await trx
      .selectFrom("people")
      .select(["id", "name", "password"])
      .where("email", "=", email)
      .executeTakeFirst();
    const person = known ?? (await insertPerson(trx, by, site, { name: name.trim(), email }, roles));
    const given = await give(trx, by, site, person, known ? roles : []);
    if (known?.password || (known && (await belongsElsewhere(trx, site, by.person.id, known.id))))
      return { id: known.id, name: known.name, given };
    return { id: person.id, name: person.name, given, link: await newLink(trx, "invitation", person.id, by.at) };
  });
}

async function insertPerson(
  trx: Database,
  by: Actor,
  site: Site,
  who: { name: string; email: string },
  roles: string[],
) {
  const person = { id: newId(Date.parse(by.at)), kind: "person" as const, ...who };
  await trx
    .insertInto("people")
    .values({ ...person, password: null, created_at: by.at })
    .execute();
  const held = [...new Set(roles)].sort();
  await trx
    .insertInto("memberships")
    .values(held.map((role) => ({ site_id: site.id, person_id: person.id, role, since: by.at })))
    .execute();
  // Without the address: what stands in the chain cannot be forgotten when somebody asks for it.
  await appendEvent(trx, by, site.id, {
    action: "person_invited",
    subject: `person ${person.name}`,
    subject_id: person.id,
    details: { member: person.name, roles: held },
  });
  return person;
}

async function give(trx: Database, by: Actor, site: Site, person: { id: string; name: string }, roles: string[]) {
  const member = await findMember(trx, site.id, person.id);
  const given = [...new Set(roles)].filter((role) => !member?.roles.some((one) => one.slug === role)).sort();
  for (const role of given) {
    await trx
      .insertInto("memberships")
      .values({ site_id: site.id, person_id: person.id, role, since: by.at })
      .execute();
    await appendRole(trx, by, site, person, "role_given", role);
  }
  return given;
}

function appendRole(
  trx: Database,
  by: Actor,
  site: Site,
  person: { id: string; name: string },
  action: "role_given" | "role_taken",
  role: string,
) {
  const subject = `person ${person.name}`;
  return appendEvent(trx, by, site.id, {
    action,
    subject,
    subject_id: person.id,
    details: { member: person.name, role },
  });
}

/** Makes these the roles that somebody holds on the site; with none they are a stranger here. */
export function changeRoles(db: Database, by: Actor, site: Site, personId: string, wanted: string[]) {
  refuse(whyNotMay(by, "administer"), 403);
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const all = await listRoles(trx);
    const member = (await findMember(trx, site.id, personId)) ?? notFound("person on this site");
    if (wanted.length) refuseFields(fieldErrors({ roles: whyNotRoles(wanted, all) }));
    const taken = member.roles.map((one) => one.slug).filter((role) => !wanted.includes(role));
    refuse(await whyNotTake(trx, site, member, taken, all));
    for (const role of taken) await take(trx, by, site, member, role);
    const given = await give(trx, by, site, member, wanted);
    if (!wanted.length) await forgetStranger(trx, member);
    return { name: member.name, given, taken };
  });
}

async function whyNotTake(trx: Database, site: Site, member: Member, taken: string[], all: Role[]) {
  const administers = (slug: string) =>
    all.some((role) => role.slug === slug && role.permissions.includes("administer"));
  const stays = member.roles.some((role) => administers(role.slug) && !taken.includes(role.slug));
  if (stays || !taken.some(administers)) return;
  const others = (await listMembers(trx, site.id)).filter((one) => one.id !== member.id);
  return whyNotTakeAdministrator(
    member,
    others.filter((one) => one.roles.some((role) => administers(role.slug))),
  );
}

async function take(trx: Database, by: Actor, site: Site, member: Member, role: string) {
  await trx
    .deleteFrom("memberships")
    .where("site_id", "=", site.id)
    .where("person_id", "=", member.id)
    .where("role", "=", role)
    .execute();
  await appendRole(trx, by, site, member, "role_taken", role);
}

/** Who belongs to no site any more cannot come in by an old invitation. */
async function forgetStranger(trx: Database, member: Member) {
  const anywhere = await trx
    .selectFrom("memberships")
    .select("site_id")
    .where("person_id", "=", member.id)
    .executeTakeFirst();
  if (!anywhere) await dropLinks(trx, member.id);
}

/** A link for somebody to choose a password with: a new one, or, who never came, their first. */
export function resetPassword(db: Database, by: Actor, site: Site, personId: string) {
  refuse(whyNotMay(by, "administer"), 403);
  return siteTransaction(db, withoutReplay(by), site.id, async (trx, by) => {
    const member = (await findMember(trx, site.id, personId)) ?? notFound("person on this site");
    const elsewhere = await belongsElsewhere(trx, site, by.person.id, member.id);
    refuse(whyNotGiveLink(by.person, member, elsewhere));
    const purpose = member.signs_in ? ("reset" as const) : ("invitation" as const);
    const link = await newLink(trx, purpose, member.id, by.at);
    await appendEvent(trx, by, site.id, {
      action: purpose === "reset" ? "password_reset" : "person_invited",
      subject: `person ${member.name}`,
      subject_id: member.id,
      details: { member: member.name, ...(purpose === "invitation" && { roles: member.roles.map((one) => one.slug) }) },
    });
    return { purpose, name: member.name, link };
  });
}
