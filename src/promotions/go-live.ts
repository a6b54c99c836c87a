import type { Actor } from "../access/actor.ts";
import { roleNames } from "../access/roles.ts";
import { findSiteById, type Site } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import type { Job } from "../jobs/queue.ts";
import { appendEvent } from "../record/events.ts";
import { assessPromotion } from "./assessment.ts";
import { writeCompletion } from "./completion.ts";
import { eventSubject } from "./open-promotions.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { requirementsOf } from "./rules.ts";
import { asItWasAt, isDue, whyNotOnTime } from "./schedule-rules.ts";

/**
 * Does what was planned for the moment at which a promotion goes live: completes it, if somebody recorded before that the
 * deployment happens by itself then and nothing blocks it; otherwise it records that somebody has to, and why not. A
 * promotion that has ended, or is planned for another moment by now, stays as it is. Repeating it changes nothing.
 */
export async function goLive(db: Database, { site_id, ref }: Job, now: string): Promise<void> {
  await siteTransaction(db, await systemActor(db, now), site_id, async (trx, actor) => {
    const [promotion] = await listPromotions(trx, site_id, { ids: [ref] });
    const site = await findSiteById(trx, site_id);
    const { go_live_at: dueAt, by_itself, go_live_due } = promotion?.schedule ?? {};
    // by the clock, since the last event may be later if that was set back
    if (!site || !promotion?.open || !dueAt || !isDue(dueAt, now) || go_live_due) return;
    const { reason, details } = await assessOnTime(trx, site, promotion, dueAt, actor.at);
    if (by_itself && !reason)
      await writeCompletion(trx, actor, site, details, { effective_at: dueAt, plannedBy: promotion.schedule?.person });
    else await recordDue(trx, actor, site, promotion, { what: "go_live", due_at: dueAt, reason: reason ?? null });
  });
}

/** The promotion as it is now, and why it could not be completed at its planned moment. */
async function assessOnTime(trx: Database, site: Site, promotion: Promotion, dueAt: string, now: string) {
  const details = await assessPromotion(trx, site.id, promotion, now);
  const then = asItWasAt(promotion, dueAt);
  const past = { ...then, requirements: requirementsOf(then, await roleNames(trx)) };
  const { blockers } = await assessPromotion(trx, site.id, past, dueAt);
  return { details, reason: whyNotOnTime(blockers, details.blockers) };
}

/** Writes that a planned moment came and somebody has to act, with its event. Must be called inside a transaction. */
async function recordDue(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  due: { what: "go_live" | "take_down"; due_at: string; reason: string | null },
): Promise<void> {
  const row = {
    id: newId(Date.parse(actor.at)),
    promotion_id: promotion.id,
    ...due,
    person_id: actor.person.id,
    noticed_at: actor.at,
  };
  await trx.insertInto("due_moments").values(row).execute();
  await appendEvent(trx, actor, site.id, {
    ...eventSubject(promotion, promotion.environment),
    action: "promotion_due",
    details: { number: promotion.number, name: promotion.name, environment: promotion.environment.slug, ...row },
  });
}
