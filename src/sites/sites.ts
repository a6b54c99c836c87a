import type { Actor } from "../access/actor.ts";
import { environmentsOf } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { hasSites, permissionsOf, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { insertEnvironment } from "../environments/environments.ts";
import { fieldErrors, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { whyNotName } from "../text.ts";
import { defaultEnvironments, type NewSite, siteErrors, whyNotCreateSite, whyNotTimeZone } from "./rules.ts";

/** Makes a site with its environments; whoever makes it administers it, and holds `roles` besides. The first one is for anybody. */
export async function createSite(db: Database, by: Actor, site: NewSite, roles: string[] = []): Promise<Site> {
  refuseFields(siteErrors(site));
  return siteTransaction(db, by, "", async (trx) => {
    if (await hasSites(trx)) refuse(whyNotCreateSite(await permissionsOf(trx, by.person.id)), 403);
    return insertSite(trx, by, site, roles);
  });
}

/** The same inside the caller's transaction. */
export async function insertSite(trx: Database, by: Actor, site: NewSite, roles: string[] = []): Promise<Site> {
  const taken = await trx.selectFrom("sites").select("id").where("slug", "=", site.slug).executeTakeFirst();
  if (taken) refuseFields([{ path: "slug", message: `There is already a site ${site.slug}.` }]);
  const id = newId(Date.parse(by.at));
  const row = { id, slug: site.slug, name: site.name.trim(), time_zone: site.time_zone ?? "UTC", created_at: by.at };
  await trx.insertInto("sites").values(row).execute();
  const held = [...new Set(["administrator", ...roles])];
  const makers = await makersOf(trx, by);
  await trx
    .insertInto("memberships")
    .values(makers.flatMap((person_id) => held.map((role) => ({ site_id: id, person_id, role, since: by.at }))))
    .execute();
  await appendEvent(trx, by, id, {
    action: "site_created",
    subject: `site ${site.slug}`,
    subject_id: id,
    details: { ...row, roles: held, people: makers },
  });
  for (const environment of site.environments ?? defaultEnvironments) await insertEnvironment(trx, by, id, environment);
  return { id, slug: row.slug, name: row.name, time_zone: row.time_zone, environments: await environmentsOf(trx, id) };
}

/** A machine, and whoever made its token: else nobody could sign in to the site that it makes. */
async function makersOf(trx: Database, by: Actor): Promise<string[]> {
  const tokens = await trx.selectFrom("tokens").select("created_by").where("person_id", "=", by.person.id).execute();
  return [...new Set([by.person.id, ...tokens.map((one) => one.created_by)])];
}

/** Another name or time zone; its short name stays, since addresses are made of it. */
export function changeSite(db: Database, by: Actor, site: Site, change: { name: string; time_zone: string }) {
  refuse(whyNotMay(by, "administer"), 403);
  refuseFields(fieldErrors({ name: whyNotName(change.name), time_zone: whyNotTimeZone(change.time_zone) }));
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const { name, time_zone } = { name: change.name.trim(), time_zone: change.time_zone };
    if (name === site.name && time_zone === site.time_zone) return;
    await trx.updateTable("sites").set({ name, time_zone }).where("id", "=", site.id).execute();
    await appendEvent(trx, by, site.id, {
      action: "site_changed",
      subject: `site ${site.slug}`,
      subject_id: site.id,
      details: { name, time_zone, before: { name: site.name, time_zone: site.time_zone } },
    });
  });
}
