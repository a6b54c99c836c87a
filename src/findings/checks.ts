import type { Selectable } from "kysely";
import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { normalKey } from "../record/keys.ts";
import type { Flag, Schema } from "../schema.ts";
import { appendVisitsChanged } from "./events.ts";
import { type ProbeKind, type ProbeRequest, probeErrors } from "./probe-rules.ts";
import { whyNotDateTag } from "./review-date-rules.ts";

export type Probe = Selectable<Schema["software_probes"]>;

/** Sets whether the pages of an environment are to be hidden from search engines. Throws a Refusal with 403. */
export function setHidden(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  isHidden: boolean,
): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  const hidden = isHidden ? 1 : 0;
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    await saveSetting(trx, environment.id, { hidden });
    await appendVisitsChanged(trx, actor, site.id, environment, { hidden });
  });
}

/**
 * Names the meta tag of the pages of an environment that says when they are to be reviewed; empty: none. What is known of
 * another tag is forgotten, and the next visits read all pages. Throws a Refusal with 403, or 422 for a wrong name.
 */
export function setDateTag(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  date_tag: string,
): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseFields(fieldErrors({ date_tag: whyNotDateTag(date_tag) }));
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    if ((await dateTagOf(trx, environment.id)) === date_tag) return;
    await saveSetting(trx, environment.id, { date_tag });
    const unread = { etag: null, last_modified: null };
    for (const { id } of environment.servers) {
      const dated = trx.updateTable("observations").set({ review_at: null }).where("server_id", "=", id);
      await dated.where("review_at", "is not", null).execute();
      await trx.updateTable("observed_pages").set(unread).where("server_id", "=", id).execute();
    }
    await appendVisitsChanged(trx, actor, site.id, environment, { date_tag });
  });
}

const maxProbes = 50;

/**
 * Says how the version of a software item is read from the servers of an environment, in place of what was said before.
 * Throws a Refusal with 403, or 422 for wrong fields.
 */
export function setProbe(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  request: ProbeRequest,
): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseFields(probeErrors(request));
  const { path, name } = request;
  const how = request.how as ProbeKind;
  const software = normalKey("software", request.software);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const probes = await probesOf(trx, environment.id);
    if (probes.length >= maxProbes && !probes.some((probe) => probe.software === software))
      refuse(`The versions of ${maxProbes} software items are read on ${environment.name} already. Remove one first.`);
    const row = { environment_id: environment.id, software, how, path, name };
    await trx
      .insertInto("software_probes")
      .values({ id: newId(Date.parse(actor.at)), ...row })
      .onConflict((conflict) => conflict.columns(["environment_id", "software"]).doUpdateSet({ how, path, name }))
      .execute();
    await appendVisitsChanged(trx, actor, site.id, environment, { software, how, path, name });
  });
}

/** Stops reading the version of a software item. Throws a Refusal with 403 or 404. */
export function removeProbe(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  id: string,
): Promise<{ software: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const probe = await trx
      .deleteFrom("software_probes")
      .where("id", "=", id)
      .where("environment_id", "=", environment.id)
      .returning("software")
      .executeTakeFirst();
    if (!probe) notFound("software");
    await appendVisitsChanged(trx, actor, site.id, environment, { software: probe.software });
    return probe;
  });
}

const saveSetting = (trx: Database, environment_id: string, change: { hidden?: Flag; date_tag?: string }) =>
  trx
    .insertInto("finding_settings")
    .values({ environment_id, hidden: 0, ...change })
    .onConflict((conflict) => conflict.column("environment_id").doUpdateSet(change))
    .execute();

/** How the versions of the software of an environment are read, in order of their names. */
export const probesOf = (db: Database, environmentId: string): Promise<Probe[]> =>
  db
    .selectFrom("software_probes")
    .selectAll()
    .where("environment_id", "=", environmentId)
    .orderBy("software")
    .execute();

/** Whether the pages of an environment are to be hidden from search engines. */
export async function isHidden(db: Database, environmentId: string): Promise<boolean> {
  const query = db.selectFrom("finding_settings").select("hidden").where("environment_id", "=", environmentId);
  return (await query.executeTakeFirst())?.hidden === 1;
}

/** The meta tag that says when the pages of an environment are to be reviewed; empty: none. */
export async function dateTagOf(db: Database, environmentId: string): Promise<string> {
  const query = db.selectFrom("finding_settings").select("date_tag").where("environment_id", "=", environmentId);
  return (await query.executeTakeFirst())?.date_tag ?? "";
}

/** The current versions of the software of an environment, by name; null: removed. */
export async function recordedVersions(
  db: Database,
  siteId: string,
  environmentId: string,
): Promise<Map<string, string | null>> {
  const rows = await db
    .selectFrom("software_probes as s")
    .innerJoin("artifacts as a", (join) =>
      join.onRef("a.key", "=", "s.software").on("a.kind", "=", "software").on("a.site_id", "=", siteId),
    )
    .innerJoin("current_placements as c", (join) =>
      join.onRef("c.artifact_id", "=", "a.id").onRef("c.environment_id", "=", "s.environment_id"),
    )
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["s.software", "v.label"])
    .where("s.environment_id", "=", environmentId)
    .execute();
  return new Map(rows.map(({ software, label }) => [software, label]));
}
