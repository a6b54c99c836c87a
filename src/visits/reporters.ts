import type { Actor } from "../access/actor.ts";
import { type Environment, refuseRetired } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { refuse } from "../errors.ts";
import { appendVisitsChanged } from "../findings/events.ts";
import { observationRule, type Reporter, saveObservationRule } from "../observer/observation-rule.ts";
import { addMs } from "../time/add.ts";
import { insertVisits, whyNotVisited } from "./visits.ts";

/** Says who reports what is on an environment. Throws a Refusal with 403, or 409 if it has no server that could be observed. */
export function chooseReporter(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  reporter: Reporter,
): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseRetired(environment);
  if (reporter === "observation") refuse(whyNotVisited(environment));
  return siteTransaction(db, actor, site.id, (trx, actor) => writeReporter(trx, actor, site, environment, reporter));
}

/**
 * Has Sitebook keep the record of all environments that have servers by what it sees there, and starts the visits. Returns
 * how many were started. Throws a Refusal with 403, or 409 if there is no server.
 */
export function observeSite(db: Database, actor: Actor, site: Site): Promise<{ started: number }> {
  refuse(whyNotMay(actor, "administer"), 403);
  const environments = site.environments.filter(({ servers }) => servers.length);
  refuse(environments.length ? undefined : "No environment has a server. Add their addresses in the settings first.");
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    let started = 0;
    for (const environment of environments) {
      await writeReporter(trx, actor, site, environment, "observation");
      const about = { site_id: site.id, environment_id: environment.id, person_id: actor.person.id };
      const ids = environment.servers.map(({ id }) => id);
      started += await insertVisits(trx, about, ids, actor.at);
    }
    return { started };
  });
}

const hourMs = 3_600_000;

/** The same again changes nothing. Without regular visits nothing would be observed, so there are some from then on. */
async function writeReporter(
  trx: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  reporter: Reporter,
): Promise<void> {
  const { id } = environment;
  if ((await observationRule(trx, id)).reporter === reporter) return;
  await saveObservationRule(trx, id, { reporter });
  const schedule = { environment_id: id, every_hours: 1, next_at: addMs(actor.at, hourMs) };
  const scheduled =
    reporter === "observation" &&
    (await trx
      .insertInto("visit_schedules")
      .values(schedule)
      .onConflict((conflict) => conflict.doNothing())
      .returning("every_hours")
      .executeTakeFirst());
  const details = { reporter, ...(scheduled && { every_hours: scheduled.every_hours }) };
  await appendVisitsChanged(trx, actor, site.id, environment, details);
}
