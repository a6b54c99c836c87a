import type { Actor } from "../access/actor.ts";
import { administratorsOfEverySite } from "../access/administrators.ts";
import { environmentsOf } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { roleNames } from "../access/roles.ts";
import { recordSecurityEvent, unknownClient } from "../access/security-events.ts";
import { hasSites, permissionsOf, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { insertEnvironment } from "../environments/environments.ts";
import { fieldErrors, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { normalName, whyNotName } from "../text.ts";
import { defaultEnvironments, type NewSite, siteErrors, whyNotCreateSite, whyNotTimeZone } from "./rules.ts";

/**
 * Creates a site with its environments. Its creator administers it, and gets `roles` as well. Those who administered every
 * site before administer it, too: otherwise nobody could change any more what is the same on all sites. The first site may
 * be created by anybody; after that, throws a Refusal with 403 for a person who administers no site.
 */
export async function createSite(db: Database, actor: Actor, site: NewSite, roles: string[] = []): Promise<Site> {
  return siteTransaction(db, actor, "", async (trx) => {
    if (await hasSites(trx)) refuse(whyNotCreateSite(await permissionsOf(trx, actor.person.id)), 403);
    refuseFields(siteErrors(site));
    const everywhere = await administratorsOfEverySite(trx);
    const created = await insertSite(trx, actor, site, roles);
    for (const person of everywhere) await addAdministrator(trx, actor, created, person);
    return created;
  });
}

/** Does nothing for the creator, who is one already. */
async function addAdministrator(trx: Database, actor: Actor, site: Site, person: { id: string; name: string }) {
  const role = "administrator";
  const { numInsertedOrUpdatedRows: rows } = await trx
    .insertInto("memberships")
    .values({ site_id: site.id, person_id: person.id, role, since: actor.at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (!rows) return;
  await appendEvent(trx, actor, site.id, {
    action: "role_given",
    subject: `person ${person.name}`,
    subject_id: person.id,
    details: { member: person.name, role },
  });
  await recordSecurityEvent(trx, actor.at, actor.client ?? unknownClient, {
    kind: "roles_changed",
    personId: person.id,
    byId: actor.person.id,
    siteId: site.id,
    detail: `${(await roleNames(trx))[role] ?? role} given on ${site.name}`,
  });
}

/** The same inside the caller's transaction. */
export async function insertSite(trx: Database, actor: Actor, site: NewSite, roles: string[] = []): Promise<Site> {
  const taken = await trx.selectFrom("sites").select("id").where("slug", "=", site.slug).executeTakeFirst();
  if (taken)
    refuseFields([{ path: "slug", message: `There is already a site ${site.slug}. Enter another short name.` }]);
  const id = newId(Date.parse(actor.at));
  const row = {
    id,
    slug: site.slug,
    name: normalName(site.name),
    time_zone: site.time_zone ?? "UTC",
    created_at: actor.at,
  };
  await trx.insertInto("sites").values(row).execute();
  const allRoles = [...new Set(["administrator", ...roles])];
  const administratorIds = await administratorsFor(trx, actor);
  await trx
    .insertInto("memberships")
    .values(
      administratorIds.flatMap((person_id) =>
        allRoles.map((role) => ({ site_id: id, person_id, role, since: actor.at })),
      ),
    )
    .execute();
  await appendEvent(trx, actor, id, {
    action: "site_created",
    subject: `site ${site.slug}`,
    subject_id: id,
    details: { ...row, roles: allRoles, people: administratorIds },
  });
  for (const environment of site.environments ?? defaultEnvironments)
    await insertEnvironment(trx, actor, id, environment);
  return { id, slug: row.slug, name: row.name, time_zone: row.time_zone, ...(await environmentsOf(trx, id)) };
}

/** The creator; for a token also the person who created it, since somebody has to be able to sign in to the new site. */
async function administratorsFor(trx: Database, actor: Actor): Promise<string[]> {
  const tokens = await trx.selectFrom("tokens").select("created_by").where("person_id", "=", actor.person.id).execute();
  return [...new Set([actor.person.id, ...tokens.map((token) => token.created_by)])];
}

/** Changes a site's name and time zone. Its short name cannot be changed, since addresses contain it. */
export function changeSite(db: Database, actor: Actor, site: Site, change: { name: string; time_zone: string }) {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseFields(fieldErrors({ name: whyNotName(change.name), time_zone: whyNotTimeZone(change.time_zone) }));
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const { name, time_zone } = { name: normalName(change.name), time_zone: change.time_zone };
    if (name === site.name && time_zone === site.time_zone) return;
    await trx.updateTable("sites").set({ name, time_zone }).where("id", "=", site.id).execute();
    await appendEvent(trx, actor, site.id, {
      action: "site_changed",
      subject: `site ${site.slug}`,
      subject_id: site.id,
      details: { name, time_zone, before: { name: site.name, time_zone: site.time_zone } },
    });
  });
}
