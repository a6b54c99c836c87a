import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { refuseFields } from "../errors.ts";
import { enqueue } from "../jobs/queue.ts";
import { appendEvent } from "../record/events.ts";
import { eventSubject } from "./open-promotions.ts";
import type { Promotion } from "./queries.ts";
import { noPlan, type Plan, planErrors } from "./schedule-rules.ts";

/**
 * Writes when a promotion is planned to go live, with its event and the job for that moment; the same plan again writes
 * nothing. Must be called inside a verb's transaction. Throws a Refusal with 422 and each wrong field.
 */
export async function writeSchedule(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  plan: Plan,
): Promise<void> {
  const current = promotion.schedule ?? noPlan;
  refuseFields(planErrors(plan, current, site.time_zone, actor.at));
  if (plan.go_live_at === current.go_live_at && plan.by_itself === current.by_itself) return;
  const row = {
    id: newId(Date.parse(actor.at)),
    promotion_id: promotion.id,
    seq: (promotion.schedule?.seq ?? 0) + 1,
    go_live_at: plan.go_live_at,
    by_itself: plan.by_itself ? (1 as const) : (0 as const),
    take_down_at: null,
    take_down: null,
    take_down_by_itself: 0 as const,
    take_down_release_id: null,
    digest: promotion.digest,
    person_id: actor.person.id,
    planned_at: actor.at,
  };
  await trx.insertInto("schedules").values(row).execute();
  if (row.go_live_at)
    await enqueue(trx, { site_id: site.id, kind: "go_live", ref: promotion.id, run_at: row.go_live_at });
  await appendEvent(trx, actor, site.id, {
    ...eventSubject(promotion, promotion.environment),
    action: "promotion_scheduled",
    details: { number: promotion.number, name: promotion.name, environment: promotion.environment.slug, ...row },
  });
}
