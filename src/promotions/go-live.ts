import type { Actor } from "../access/actor.ts";
import { findSiteById, type Site } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import type { Job } from "../jobs/queue.ts";
import { writeCompletion } from "./completion.ts";
import { recordDue } from "./due-moments.ts";
import { assessOnTime } from "./on-time.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { isDue } from "./schedule-rules.ts";

/**
 * Does what was planned for the moment at which a promotion goes live: completes it, if somebody recorded before that the
 * deployment happens by itself then and nothing blocks it; otherwise it records that somebody has to, and why not. A
 * promotion that has ended, or is planned for another moment by now, stays as it is. Repeating it changes nothing.
 */
export async function goLive(db: Database, { site_id, ref }: Job, now: string): Promise<void> {
  await siteTransaction(db, await systemActor(db, now), site_id, async (trx, actor) => {
    const [promotion] = await listPromotions(trx, site_id, { ids: [ref] });
    const site = await findSiteById(trx, site_id);
    if (site && promotion) await goLiveIfDue(trx, actor, site, promotion, now);
  });
}

/** The same within a transaction. `now` is the clock's time, which may be before that of the last event if it was set back. */
export async function goLiveIfDue(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  now: string,
): Promise<void> {
  const { open, schedule } = promotion;
  const dueAt = schedule?.go_live_at;
  if (!open || !schedule || !dueAt || !isDue(dueAt, now) || schedule.go_live_due) return;
  const { reason, details } = await assessOnTime(trx, site, promotion, dueAt, actor.at);
  if (schedule.by_itself && schedule.planned_at <= dueAt && !reason)
    await writeCompletion(trx, actor, site, details, { effective_at: dueAt, plannedBy: schedule.person });
  else await recordDue(trx, actor, site, promotion, { what: "go_live", due_at: dueAt, reason: reason ?? null });
}
