import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { findSiteById, type Site } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import type { Job } from "../jobs/queue.ts";
import { listContents } from "../record/releases.ts";
import { writeCompletion } from "./completion.ts";
import { recordDue } from "./due-moments.ts";
import { promotionDigest } from "./eligibility.ts";
import { goLiveIfDue } from "./go-live.ts";
import { assessOnTime } from "./on-time.ts";
import { openPromotion } from "./open-promotions.ts";
import { findPromotion, listPromotions, type Promotion } from "./queries.ts";
import { isDue } from "./schedule-rules.ts";
import { takeDownLines } from "./take-down-lines.ts";
import { whyNotAsApproved } from "./take-down-rules.ts";

/**
 * Does what was planned for the moment at which a completed promotion is taken down: requests the prepared promotion, which
 * the approvals of the first one cover, and completes it if somebody recorded before that this happens by itself and
 * nothing blocks it. Otherwise it records that somebody has to act, and why. Where something else is there by now, nothing
 * is requested. Repeating it changes nothing.
 */
export async function takeDown(db: Database, { site_id, ref }: Job, now: string): Promise<void> {
  await siteTransaction(db, await systemActor(db, now), site_id, async (trx, actor) => {
    const site = await findSiteById(trx, site_id);
    const promotion = site && (await afterGoLive(trx, actor, site, ref, now));
    const { take_down_at: dueAt, take_down_due, taken_down_by } = promotion?.schedule ?? {};
    if (!site || !promotion || !dueAt || !isDue(dueAt, now) || take_down_due || taken_down_by) return;
    if (!promotion.open && !promotion.completion) return;
    const due = { what: "take_down" as const, due_at: dueAt };
    const { number, reason } = await requestTakeDown(trx, actor, site, promotion);
    if (number === undefined) return recordDue(trx, actor, site, promotion, { ...due, reason: reason ?? null });
    const requested = (await findPromotion(trx, site.id, number)) as Promotion;
    await completeTakeDown(trx, actor, site, promotion, requested, dueAt);
  });
}

/** The promotion once it has gone live, if that is due too: after a halt, another server may not have come to it yet. */
async function afterGoLive(
  trx: Database,
  actor: Actor,
  site: Site,
  id: string,
  now: string,
): Promise<Promotion | undefined> {
  const [promotion] = await listPromotions(trx, site.id, { ids: [id] });
  if (!promotion?.open) return promotion;
  await goLiveIfDue(trx, actor, site, promotion, now);
  return (await listPromotions(trx, site.id, { ids: [id] }))[0];
}

async function completeTakeDown(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  requested: Promotion,
  dueAt: string,
): Promise<void> {
  const { take_down_by_itself, planned_at, person } = promotion.schedule ?? {};
  const { reason, details } = await assessOnTime(trx, site, requested, dueAt, actor.at);
  if (take_down_by_itself && planned_at && planned_at <= dueAt && !reason)
    return writeCompletion(trx, actor, site, details, { effective_at: dueAt, plannedBy: person });
  const due = { what: "take_down" as const, due_at: dueAt, reason: reason ?? null };
  await recordDue(trx, actor, site, promotion, due);
}

/** Requests the prepared promotion and returns its number; or why nothing could be requested. */
async function requestTakeDown(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
): Promise<{ number?: number; reason?: string }> {
  const { schedule, environment: target } = promotion;
  const environment = site.environments.find(({ id }) => id === promotion.environment_id);
  if (!promotion.completion)
    return {
      reason: `Promotion ${promotion.number} was not completed before its take-down, so nothing is taken down.`,
    };
  if (!environment) return { reason: `${target.name} was retired, so nothing is taken down.` };
  const lines = await takeDownLines(trx, site.id, promotion);
  const whyNot = whyNotAsApproved(promotion, schedule?.take_down ?? null, lines);
  if (whyNot) return { reason: whyNot };
  // what was completed without its gate was approved by nobody, so that its take-down needs the gate's approvals
  const covered: Environment = promotion.completion.forced ? environment : { ...environment, gate: null };
  const prepared = { id: schedule?.take_down_release_id as string, ...(await preparedRelease(trx, promotion)) };
  const digest = promotionDigest(site, { digest: prepared.digest, rollback_of_id: promotion.id }, covered);
  const open = await listPromotions(trx, site.id, { open: true, environment: environment.id, limit: 1000 });
  const number = await openPromotion(trx, actor, site, {
    release: prepared,
    from: environment,
    environment: covered,
    contents: await listContents(trx, prepared.id),
    digest,
    fields: {},
    rollbackOf: { ...promotion, inPart: false },
    takeDown: true,
    open,
  });
  return { number };
}

const preparedRelease = (trx: Database, { schedule }: Promotion) =>
  trx
    .selectFrom("releases")
    .select(["number", "name", "digest"])
    .where("id", "=", schedule?.take_down_release_id ?? "")
    .executeTakeFirstOrThrow();
