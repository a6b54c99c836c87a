import { findSiteById } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { Refusal } from "../errors.ts";
import { reconcileFindings, type VisitResult } from "../findings/findings.ts";
import { settleByNoise } from "../findings/settle-by-noise.ts";
import { hasLearnedSince } from "../observations/noise.ts";
import { completeSeen } from "../observer/complete-seen.ts";
import { keepRecord } from "../observer/keep-record.ts";
import type { Visit } from "../sightings/queries.ts";
import { forgetMissingLinks } from "./linked-pages.ts";
import { insertVisits } from "./visits.ts";

/** Ends a visit, with what it found and, if its environment is kept by observation, with the record of it. */
export async function endVisit(db: Database, visit: Visit, now: string, result: VisitResult): Promise<void> {
  if (!result.problem) await completeSeen(db, visit, now);
  try {
    await endWith(db, visit, now, { ...result, keep: keepRecord });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const keep = async () => `What was seen could not be recorded: ${error.message}`;
    await endWith(db, visit, now, { ...result, keep });
  }
}

async function endWith(
  db: Database,
  { id, site_id, ...visit }: Visit,
  now: string,
  { problem = null, keep, paths, ...found }: VisitResult & { keep: typeof keepRecord },
): Promise<void> {
  await siteTransaction(db, await systemActor(db, now), site_id, async (trx, actor) => {
    const ended = await trx
      .updateTable("visits")
      .set({ ended_at: now, problem })
      .where("id", "=", id)
      .where("ended_at", "is", null)
      .returningAll()
      .executeTakeFirst();
    const site = await findSiteById(trx, site_id);
    if (!ended || !site) return;
    const note = problem === null ? await keep(trx, site, ended, actor.at, paths) : undefined;
    if (note) await trx.updateTable("visits").set({ note }).where("id", "=", id).execute();
    const finder = { person: { id: ended.person_id ?? actor.person.id }, at: actor.at };
    await reconcileFindings(trx, finder, ended, { ...found, problem });
    if (await hasLearnedSince(trx, site_id, ended.started_at)) await settleByNoise(trx, finder, site_id, id);
    if (problem === null && !paths) await forgetMissingLinks(trx, ended);
    const about = { site_id, environment_id: visit.environment_id, person_id: null };
    if (ended.repeats) await insertVisits(trx, about, [visit.server_id], now);
  });
}
