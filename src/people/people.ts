import { type Actor, withoutReplay } from "../access/actor.ts";
import { canSignIn } from "../access/can-sign-in.ts";
import { whyNotMay } from "../access/permissions.ts";
import { listRoles, type Role, roleNames } from "../access/roles.ts";
import { type Client, recordSecurityEvent, unknownClient } from "../access/security-events.ts";
import type { Site } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { normalName } from "../text.ts";
import { dropLinks, newLink } from "./links.ts";
import { belongsElsewhere, findMember, listMembers, type Member } from "./queries.ts";
import { normalEmail, whyNotGiveLink, whyNotInvite, whyNotRemoveAdministrator, whyNotRoles } from "./rules.ts";

export interface Invitation {
  name: string;
  email: string;
  roles: string[];
}

export interface Invited {
  id: string;
  name: string;
  email: string;
  /** The roles that are new for this person. */
  given: string[];
  /** The secret of a link to send; undefined for a person who can sign in already. */
  link?: string | undefined;
  /** The link also gives access to a site that the actor does not administer: it may be mailed, and not shown. */
  isForThemOnly?: boolean;
}

/** Gives roles to a person by e-mail address, with a link if they have no password yet. An existing account keeps its name. */
export function invite(db: Database, actor: Actor, site: Site, invitation: Invitation): Promise<Invited> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    refuseFields(whyNotInvite(invitation, await listRoles(trx)));
    return inviteWithin(trx, actor, site, invitation);
  });
}

/** The same within a transaction, for an invitation that `whyNotInvite` allows. */
export async function inviteWithin(trx: Database, actor: Actor, site: Site, invitation: Invitation): Promise<Invited> {
  const { name, roles } = invitation;
  const email = normalEmail(invitation.email);
  const existing = await trx
    .selectFrom("people as p")
    .select(["p.id", "p.name", canSignIn("p").as("signs_in")])
    .where("p.email", "=", email)
    .executeTakeFirst();
  const person = existing ?? (await insertPerson(trx, actor, site, { name: normalName(name), email }, roles));
  const given = await giveRoles(trx, actor, site, person, existing ? roles : []);
  await recordRoles(trx, actor, site, person, { given: existing ? given : roles, removed: [] });
  const invited = { id: person.id, name: person.name, email, given };
  if (existing?.signs_in) return invited;
  return {
    ...invited,
    link: await newLink(trx, "invitation", person.id, actor.at),
    isForThemOnly: existing !== undefined && (await belongsElsewhere(trx, site, actor.person.id, existing.id)),
  };
}

async function insertPerson(
  trx: Database,
  actor: Actor,
  site: Site,
  newPerson: { name: string; email: string },
  roles: string[],
) {
  const person = { id: newId(Date.parse(actor.at)), kind: "person" as const, ...newPerson };
  await trx
    .insertInto("people")
    .values({ ...person, password: null, created_at: actor.at })
    .execute();
  const given = [...new Set(roles)].sort();
  await trx
    .insertInto("memberships")
    .values(given.map((role) => ({ site_id: site.id, person_id: person.id, role, since: actor.at })))
    .execute();
  // Without the e-mail address: the chain cannot be changed, so a person could not have it erased.
  await appendEvent(trx, actor, site.id, {
    action: "person_invited",
    subject: `person ${person.name}`,
    subject_id: person.id,
    details: { member: person.name, roles: given },
  });
  return person;
}

async function giveRoles(
  trx: Database,
  actor: Actor,
  site: Site,
  person: { id: string; name: string },
  roles: string[],
) {
  const member = await findMember(trx, site.id, person.id);
  const given = [...new Set(roles)].filter((role) => !member?.roles.some(({ slug }) => slug === role)).sort();
  // an administrator of another site may know one, and it would give access to this site now
  if (!member && given.length) await dropLinks(trx, person.id);
  for (const role of given) {
    await trx
      .insertInto("memberships")
      .values({ site_id: site.id, person_id: person.id, role, since: actor.at })
      .execute();
    await appendRole(trx, actor, site, person, "role_given", role);
  }
  return given;
}

function appendRole(
  trx: Database,
  actor: Actor,
  site: Site,
  person: { id: string; name: string },
  action: "role_given" | "role_taken",
  role: string,
) {
  const subject = `person ${person.name}`;
  return appendEvent(trx, actor, site.id, {
    action,
    subject,
    subject_id: person.id,
    details: { member: person.name, role },
  });
}

/** Replaces the roles of a person on the site. Without any, the person can no longer see it. */
export function changeRoles(db: Database, actor: Actor, site: Site, personId: string, roles: string[]) {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, (trx, actor) => changeRolesWithin(trx, actor, site, personId, roles));
}

/** The same within a transaction that has locked the site, for an actor who may. */
export async function changeRolesWithin(trx: Database, actor: Actor, site: Site, personId: string, roles: string[]) {
  const known = await listRoles(trx);
  const member = (await findMember(trx, site.id, personId)) ?? notFound("person on this site");
  if (roles.length) refuseFields(fieldErrors({ roles: whyNotRoles(roles, known) }));
  const removed = member.roles.map(({ slug }) => slug).filter((role) => !roles.includes(role));
  refuse(await whyNotRemoveRoles(trx, site, member, removed, known));
  for (const role of removed) await removeRole(trx, actor, site, member, role);
  const given = await giveRoles(trx, actor, site, member, roles);
  await recordRoles(trx, actor, site, member, { given, removed });
  if (!roles.length) await dropLinksWithoutRole(trx, member);
  return { name: member.name, given, removed };
}

/**
 * Gives a person those of the governed roles that are wanted, and removes the others, in Sitebook's name: an identity
 * provider decides about them. The last administrator of a site stays one.
 */
export async function setGovernedRoles(
  db: Database,
  site: Site,
  person: { id: string; name: string },
  { governed, wanted }: { governed: ReadonlySet<string>; wanted: ReadonlySet<string> },
  { client, at }: { client: Client; at: string },
): Promise<void> {
  const changes = async (trx: Database) => {
    const member = await findMember(trx, site.id, person.id);
    const held = member?.roles.map(({ slug }) => slug) ?? [];
    const removed = held.filter((role) => governed.has(role) && !wanted.has(role));
    const removable = member ? await withoutLastAdministrator(trx, site, member, removed) : [];
    return { member, removed: removable, given: [...wanted].filter((role) => !held.includes(role)) };
  };
  const early = await changes(db);
  if (!early.given.length && !early.removed.length) return;
  const actor = { ...(await systemActor(db, at)), client };
  await siteTransaction(db, actor, site.id, async (trx, actor) => {
    const { member, removed, given } = await changes(trx);
    if (member) for (const role of removed) await removeRole(trx, actor, site, member, role);
    await giveRoles(trx, actor, site, person, given);
    await recordRoles(trx, actor, site, person, { given, removed });
  });
}

/** Those of the roles that can be removed together. */
async function withoutLastAdministrator(trx: Database, site: Site, member: Member, roles: string[]): Promise<string[]> {
  const known = await listRoles(trx);
  const removable: string[] = [];
  for (const role of roles)
    if (!(await whyNotRemoveRoles(trx, site, member, [...removable, role], known))) removable.push(role);
  return removable;
}

/** Records a change of roles among the security events, beside the site's history. */
async function recordRoles(
  trx: Database,
  actor: Actor,
  site: Site,
  person: { id: string },
  { given, removed }: { given: string[]; removed: string[] },
) {
  if (!given.length && !removed.length) return;
  const names = await roleNames(trx);
  const changes = [
    ...[...new Set(given)].map((role) => `${names[role] ?? role} given`),
    ...removed.map((role) => `${names[role] ?? role} removed`),
  ];
  await recordSecurityEvent(trx, actor.at, actor.client ?? unknownClient, {
    kind: "roles_changed",
    personId: person.id,
    byId: actor.person.id,
    siteId: site.id,
    detail: `${changes.join(", ")} on ${site.name}`,
  });
}

async function whyNotRemoveRoles(trx: Database, site: Site, member: Member, removed: string[], known: Role[]) {
  const administers = (slug: string) =>
    known.some((role) => role.slug === slug && role.permissions.includes("administer"));
  const stays = member.roles.some(({ slug }) => administers(slug) && !removed.includes(slug));
  if (stays || !removed.some(administers)) return;
  const others = (await listMembers(trx, site.id)).filter(({ id }) => id !== member.id);
  return whyNotRemoveAdministrator(
    member,
    others.filter(({ roles }) => roles.some(({ slug }) => administers(slug))),
  );
}

async function removeRole(trx: Database, actor: Actor, site: Site, member: Member, role: string) {
  await trx
    .deleteFrom("memberships")
    .where("site_id", "=", site.id)
    .where("person_id", "=", member.id)
    .where("role", "=", role)
    .execute();
  await appendRole(trx, actor, site, member, "role_taken", role);
}

/** Drops the links of a person without a role on any site: an old invitation no longer lets them in. */
async function dropLinksWithoutRole(trx: Database, member: Member) {
  const anywhere = await trx
    .selectFrom("memberships")
    .select("site_id")
    .where("person_id", "=", member.id)
    .executeTakeFirst();
  if (!anywhere) await dropLinks(trx, member.id);
}

/** A link to set a new password, or, for a person who has none yet, another invitation. */
export function resetPassword(db: Database, actor: Actor, site: Site, personId: string) {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    const member = (await findMember(trx, site.id, personId)) ?? notFound("person on this site");
    const elsewhere = await belongsElsewhere(trx, site, actor.person.id, member.id);
    refuse(whyNotGiveLink(actor.person, member, elsewhere));
    const purpose = member.has_password ? ("reset" as const) : ("invitation" as const);
    const link = await newLink(trx, purpose, member.id, actor.at);
    await appendEvent(trx, actor, site.id, {
      action: purpose === "reset" ? "password_reset" : "person_invited",
      subject: `person ${member.name}`,
      subject_id: member.id,
      details: {
        member: member.name,
        ...(purpose === "invitation" && { roles: member.roles.map(({ slug }) => slug) }),
      },
    });
    await recordSecurityEvent(trx, actor.at, actor.client ?? unknownClient, {
      kind: "link_created",
      personId: member.id,
      byId: actor.person.id,
      detail: purpose === "reset" ? "to reset the password" : "as an invitation",
    });
    return { purpose, name: member.name, email: member.email, link };
  });
}
