import type { ActingPerson } from "../access/actor.ts";
import { administersEverySite } from "../access/administrators.ts";
import type { Permission } from "../access/permissions.ts";
import { listRoles, type Role } from "../access/roles.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { lockSites } from "../database/locks.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { type Action, afterLastEvents, appendEvent } from "../record/events.ts";
import { keepFormerName } from "../record/former-names.ts";
import { roleSubject } from "../record/role-names.ts";
import { normalName } from "../text.ts";
import { roleUse, sitesAdministeredOnlyBy } from "./queries.ts";
import {
  permissionsFrom,
  type RoleForm,
  roleErrors,
  whyNotAdministerRoles,
  whyNotRemoveRole,
  whyNotRoleSlug,
  whyNotStopAdministering,
} from "./rules.ts";

/**
 * Creates a role, with an event in each site. Throws a Refusal with 403 for a person who does not administer every site,
 * and with 422 for wrong fields.
 */
export async function createRole(
  db: Database,
  by: ActingPerson,
  form: RoleForm & { slug: string },
): Promise<{ slug: string; name: string }> {
  return changingRoles(db, by, async (trx, roles, at, sites) => {
    const slug = form.slug.trim();
    refuseFields([...roleErrors(form, slug, roles), ...fieldErrors({ slug: whyNotRoleSlug(slug, roles) })]);
    const role = { slug, name: normalName(form.name), permissions: permissionsFrom(form.permissions) };
    await trx
      .insertInto("roles")
      .values({ ...role, permissions: JSON.stringify(role.permissions) })
      .execute();
    const details = { role_name: role.name, permissions: role.permissions };
    await appendToAll(trx, by, sites, { action: "role_created", role, details, at });
    return { slug, name: role.name };
  });
}

/**
 * Changes the name and the permissions of a role. What was done before keeps the name of then. Refused with 409 if a site
 * would lose its last administrator who can sign in; otherwise as `createRole`. Returns false if nothing is different.
 */
export async function changeRole(db: Database, by: ActingPerson, slug: string, form: RoleForm): Promise<boolean> {
  return changingRoles(db, by, async (trx, roles, at, sites) => {
    const before = roles.find((role) => role.slug === slug) ?? notFound("role");
    refuseFields(
      roleErrors(
        form,
        slug,
        roles.filter((role) => role !== before),
      ),
    );
    const role = { slug, name: normalName(form.name), permissions: permissionsFrom(form.permissions) };
    if (before.permissions.includes("administer") && !role.permissions.includes("administer"))
      refuse(whyNotStopAdministering(before, await sitesAdministeredOnlyBy(trx, slug)));
    const details = differences(before, role);
    if (!details) return false;
    await trx
      .updateTable("roles")
      .set({ name: role.name, permissions: JSON.stringify(role.permissions) })
      .where("slug", "=", slug)
      .execute();
    await appendToAll(trx, by, sites, { action: "role_changed", role: before, details, at });
    return true;
  });
}

/** Removes a role that nobody has and nothing needs. Throws a Refusal with 403, with 404, or with 409 and all reasons. */
export async function removeRole(db: Database, by: ActingPerson, slug: string): Promise<{ name: string }> {
  return changingRoles(db, by, async (trx, roles, at, sites) => {
    const role = roles.find((one) => one.slug === slug) ?? notFound("role");
    refuse(whyNotRemoveRole(role, await roleUse(trx, slug)));
    await trx.deleteFrom("roles").where("slug", "=", slug).execute();
    await appendToAll(trx, by, sites, { action: "role_removed", role, details: { before: role.name }, at });
    return { name: role.name };
  });
}

/** What an event says about a change; undefined if nothing is different. Lists are in the order of all permissions. */
function differences(before: Role, after: Role) {
  const had = permissionsFrom(before.permissions);
  const isOther = had.join() !== after.permissions.join();
  if (before.name === after.name && !isOther) return;
  return {
    role_name: before.name,
    ...(before.name !== after.name && { name: after.name, before: before.name }),
    ...(isOther && { permissions: after.permissions, permissions_before: had }),
  };
}

type Site = { id: string };

/** Locks all sites in the order of their ids, so that nobody gets or loses a role meanwhile. `at` is after all their events. */
async function changingRoles<T>(
  db: Database,
  { person, at }: ActingPerson,
  change: (trx: Database, roles: Role[], at: string, sites: Site[]) => Promise<T>,
): Promise<T> {
  refuse(whyNotAdministerRoles(await administersEverySite(db, person.id)), 403);
  return db.transaction().execute(async (trx) => {
    const sites = await trx.selectFrom("sites").select("id").orderBy("id").execute();
    await lockSites(trx, sites);
    // again, as roles may have been changed or taken before the lock
    refuse(whyNotAdministerRoles(await administersEverySite(trx, person.id)), 403);
    return change(trx, await listRoles(trx), await afterLastEvents(trx, sites, at), sites);
  });
}

interface RoleEvent {
  action: Extract<Action, "role_created" | "role_changed" | "role_removed">;
  role: { slug: string; name: string };
  details: { [key: string]: Json | undefined; permissions?: Permission[]; before?: string };
  at: string;
}

async function appendToAll(
  trx: Database,
  { person, client }: ActingPerson,
  sites: Site[],
  { action, role, details, at }: RoleEvent,
): Promise<void> {
  const subject = roleSubject(role.slug);
  for (const site of sites) {
    const event = { action, subject, subject_id: subject, details: { role: role.slug, ...details } };
    const seq = await appendEvent(trx, { person, at }, site.id, event);
    if (details.before !== undefined)
      await keepFormerName(trx, { of_id: subject, until: at, site_id: site.id, seq, name: details.before });
  }
  const what = { role_created: "created", role_changed: "changed", role_removed: "removed" }[action];
  await recordSecurityEvent(trx, at, client, {
    kind: "role_changed",
    personId: person.id,
    detail: `${role.name} ${what}`,
  });
}
