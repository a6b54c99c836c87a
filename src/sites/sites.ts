import { newId } from "../database/id.ts";
import { intent } from "../database/intent.ts";
import type { Database } from "../database/open.ts";
import { addEnvironment } from "../environments/environments.ts";
import { refuseFields } from "../errors.ts";
import { append } from "../history/events.ts";
import type { By } from "../people/by.ts";
import { defaultEnvironments, type NewSite, siteErrors } from "./rules.ts";

/** Makes a site with its environments; whoever makes it administers it, and holds `roles` besides. */
export async function createSite(
  db: Database,
  by: By,
  site: NewSite,
  roles: string[] = [],
): Promise<{ id: string; slug: string }> {
  refuseFields(siteErrors(site));
  const id = newId(Date.parse(by.at));
  return intent(db, by, id, async (trx) => {
    const taken = await trx.selectFrom("sites").select("id").where("slug", "=", site.slug).executeTakeFirst();
    if (taken) refuseFields([{ path: "slug", message: `There is already a site ${site.slug}.` }]);
    const row = { id, slug: site.slug, name: site.name.trim(), time_zone: site.time_zone ?? "UTC", created_at: by.at };
    await trx.insertInto("sites").values(row).execute();
    const held = [...new Set(["administrator", ...roles])];
    await trx
      .insertInto("memberships")
      .values(held.map((role) => ({ site_id: id, person_id: by.person.id, role, since: by.at })))
      .execute();
    await append(trx, by, id, {
      action: "site_created",
      subject: `site ${site.slug}`,
      subject_id: id,
      details: { ...row, roles: held },
    });
    for (const environment of site.environments ?? defaultEnvironments) await addEnvironment(trx, by, id, environment);
    return { id, slug: site.slug };
  });
}
