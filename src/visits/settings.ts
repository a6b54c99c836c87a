import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Secrets } from "../access/secrets.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendVisitsChanged } from "../findings/events.ts";
import { saveObservationRule } from "../observer/observation-rule.ts";
import { appendEvent } from "../record/events.ts";
import { addMs } from "../time/add.ts";
import {
  headersOf,
  settingsOf,
  type VisitSettingsRequest,
  visitDefaults,
  visitSettingsErrors,
  whyNotHours,
} from "./settings-rules.ts";

/** What the credentials of a server are sealed for. */
export const sealContext = (serverId: string): string => `visit_settings.sealed_headers ${serverId}`;

/** Changes how a server is visited. Throws a Refusal with 403, 404, or 422 for wrong fields. */
export function changeVisitSettings(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  serverId: string,
  request: VisitSettingsRequest,
  secrets: Secrets,
): Promise<{ name: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  const server = environment.servers.find(({ id }) => id === serverId) ?? notFound("server");
  refuseFields(fieldErrors(visitSettingsErrors(request)));
  const settings = settingsOf(request);
  const headers = headersOf(request);
  const sealed = headers && {
    sealed_headers: secrets.seal(JSON.stringify(headers), sealContext(serverId)),
    header_names: Object.keys(headers).join(", "),
  };
  const credentials = sealed ?? (request.removesCredentials ? { sealed_headers: null, header_names: "" } : {});
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const before = await visitSettingsOf(trx, serverId);
    // of an unchanged page a server would send nothing, so that its links to these hosts stayed unknown
    if (before.other_hosts !== settings.other_hosts)
      await trx
        .updateTable("observed_pages")
        .set({ etag: null, last_modified: null })
        .where("server_id", "=", serverId)
        .execute();
    await trx
      .insertInto("visit_settings")
      .values({ server_id: serverId, ...settings, sealed_headers: null, header_names: "", ...credentials })
      .onConflict((conflict) => conflict.column("server_id").doUpdateSet({ ...settings, ...credentials }))
      .execute();
    await appendEvent(trx, actor, site.id, {
      action: "visits_changed",
      subject: `server ${server.name}`,
      subject_id: serverId,
      environment_id: environment.id,
      // which credentials there are, never what they are
      details: {
        environment: environment.slug,
        server: server.name,
        ...settings,
        credentials: credentials.header_names,
      },
    });
    return { name: server.name };
  });
}

/** Has the servers of an environment visited every so many hours, from now on, and after deployments; 0: only on request. */
export function scheduleVisits(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  hours: number,
  { afterDeployments = true } = {},
): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseFields(fieldErrors({ every_hours: whyNotHours(hours) }));
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    await trx.deleteFrom("visit_schedules").where("environment_id", "=", environment.id).execute();
    const row = { environment_id: environment.id, every_hours: hours, next_at: addMs(actor.at, hours * 3_600_000) };
    if (hours) await trx.insertInto("visit_schedules").values(row).execute();
    const after_deployments = afterDeployments ? 1 : 0;
    await saveObservationRule(trx, environment.id, { after_deployments });
    await appendVisitsChanged(trx, actor, site.id, environment, { every_hours: hours, after_deployments });
  });
}

/** How a server is visited, with the names of its stored headers. */
export async function visitSettingsOf(db: Database, serverId: string) {
  const row = await db.selectFrom("visit_settings").selectAll().where("server_id", "=", serverId).executeTakeFirst();
  return row ?? { server_id: serverId, ...visitDefaults, sealed_headers: null, header_names: "" };
}

/** Every how many hours the servers of an environment are visited by themselves; 0: they are not. */
export async function visitHours(db: Database, environmentId: string): Promise<number> {
  const query = db.selectFrom("visit_schedules").select("every_hours").where("environment_id", "=", environmentId);
  return (await query.executeTakeFirst())?.every_hours ?? 0;
}
