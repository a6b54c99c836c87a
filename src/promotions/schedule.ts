import type { Actor } from "../access/actor.ts";
import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { refuse } from "../errors.ts";
import { type Outcome, outcome, promotionOf } from "./promotions.ts";
import { type Plan, whyNotMaySchedule, whyNotSchedule } from "./schedule-rules.ts";
import { writeSchedule } from "./write-schedule.ts";

/**
 * Plans when a promotion goes live and is taken down, changes the plan, or withdraws it. The same plan again changes nothing. Throws a
 * Refusal with 403 if the person neither completes the promotion nor administers the site, 409 if it has ended, or 422
 * and each wrong field.
 */
export function schedulePromotion(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  plan: Plan,
): Promise<Outcome> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = await promotionOf(trx, site, number);
    refuse(whyNotMaySchedule(promotion, actor, await roleNames(trx)), 403);
    refuse(whyNotSchedule(promotion));
    await writeSchedule(trx, actor, site, promotion, plan);
    return outcome(trx, site, number, actor.at);
  });
}
