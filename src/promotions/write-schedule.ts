import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { refuseFields } from "../errors.ts";
import { enqueue } from "../jobs/queue.ts";
import type { Flag } from "../schema.ts";
import { appendPromotionEvent } from "./open-promotions.ts";
import { prepareTakeDown } from "./prepare-take-down.ts";
import type { Promotion } from "./queries.ts";
import { isSamePlan, noPlan, type Plan, planErrors } from "./schedule-rules.ts";

/**
 * Writes when a promotion is planned to go live and to be taken down, with its event and the jobs for these moments; the
 * same plan again writes nothing. Once it is completed, only the take-down is changed. Must be called inside a verb's transaction. Throws a Refusal with 422 and each wrong field.
 */
export async function writeSchedule(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  requested: Plan,
): Promise<void> {
  const current = promotion.schedule ?? noPlan;
  const { go_live_at, by_itself } = promotion.completion ? current : requested;
  const plan = { ...requested, go_live_at, by_itself };
  refuseFields(planErrors(promotion, plan, current, site.time_zone, actor.at));
  const takeDown = await prepareTakeDown(trx, actor, site, promotion, plan);
  const isSame = isSamePlan(plan, current.take_down_at ? current : { ...current, ...noTakeDown });
  if (isSame && takeDown.digest === promotion.digest) return;
  const row = {
    id: newId(Date.parse(actor.at)),
    promotion_id: promotion.id,
    seq: (promotion.schedule?.seq ?? 0) + 1,
    go_live_at,
    by_itself: flag(by_itself),
    take_down_at: plan.take_down_at,
    take_down_by_itself: flag(plan.take_down_by_itself),
    ...takeDown,
    person_id: actor.person.id,
    planned_at: actor.at,
  };
  await trx.insertInto("schedules").values(row).execute();
  const job = { site_id: site.id, ref: promotion.id };
  if (go_live_at && promotion.open) await enqueue(trx, { ...job, kind: "go_live", run_at: go_live_at });
  if (row.take_down_at) await enqueue(trx, { ...job, kind: "take_down", run_at: row.take_down_at });
  await appendPromotionEvent(trx, actor, site, promotion, "promotion_scheduled", row);
}

/** What was prepared stays with a plan whose take-down was withdrawn, since approvals cover it. */
const noTakeDown = { take_down: null, take_down_redirect: null };

const flag = (is: boolean): Flag => (is ? 1 : 0);
