import { findSiteById, type Site } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import type { Job } from "../jobs/queue.ts";
import { listContents } from "../record/releases.ts";
import { countOf } from "../text.ts";
import { approvalExpiry, promotionExpiry } from "./expiry-rules.ts";
import { appendPromotionEvent, markClosed } from "./open-promotions.ts";
import { listPromotions, type Promotion } from "./queries.ts";

/** Ends a promotion that was not completed in time; one that has ended already, or is not due, stays as it is. */
export const expirePromotion = (db: Database, { site_id, ref }: Job, now: string): Promise<void> =>
  withPromotion(db, site_id, ref, now, async (trx, actor, site, promotion) => {
    const due = promotionExpiry(promotion);
    if (!due || due > actor.at) return;
    const row = {
      promotion_id: promotion.id,
      person_id: actor.person.id,
      reason: `It was not completed within ${countOf(promotion.gate?.promotion_days ?? 0, "day")}.`,
      superseded_by: null,
      cancelled_at: actor.at,
      expired_at: due,
    };
    await trx.insertInto("cancellations").values(row).execute();
    await markClosed(trx, site, promotion, await listContents(trx, promotion.release_id));
    await appendPromotionEvent(trx, actor, site, promotion, "promotion_expired", row);
  });

/** Ends the approvals of an open promotion that are too old by now, after which it waits again. */
export const expireApprovals = (db: Database, { site_id, ref }: Job, now: string): Promise<void> =>
  withPromotion(db, site_id, ref, now, async (trx, actor, site, promotion) => {
    for (const approval of dueApprovals(promotion, actor.at))
      await expireApproval(trx, actor, site, promotion, approval);
  });

/**
 * The same inside a verb's transaction, for one that must not take an expired approval for one that counts while the
 * background work has not come to it. Returns the promotion afterwards. `now` is ISO 8601 UTC.
 */
export async function withoutExpired(trx: Database, site: Site, promotion: Promotion, now: string): Promise<Promotion> {
  const due = promotion.open ? dueApprovals(promotion, now) : [];
  if (!due.length) return promotion;
  const actor = await systemActor(trx, now);
  for (const approval of due) await expireApproval(trx, actor, site, promotion, approval);
  const [current = promotion] = await listPromotions(trx, site.id, { ids: [promotion.id] });
  return current;
}

type Approval = Promotion["approvals"][number];

const dueApprovals = (promotion: Promotion, now: string): (Approval & { due: string })[] =>
  promotion.approvals.flatMap((approval) => {
    const due = approvalExpiry(promotion, approval);
    return due && due <= now ? [{ ...approval, due }] : [];
  });

async function expireApproval(
  trx: Database,
  actor: SystemActor,
  site: Site,
  promotion: Promotion,
  { id, person, due }: Approval & { due: string },
): Promise<void> {
  const row = {
    approval_id: id,
    promotion_id: promotion.id,
    person_id: actor.person.id,
    reason: `It was older than ${countOf(promotion.gate?.approval_days ?? 0, "day")}.`,
    withdrawn_at: actor.at,
    expired_at: due,
  };
  await trx.insertInto("withdrawals").values(row).execute();
  await appendPromotionEvent(trx, actor, site, promotion, "approval_expired", { ...row, approver: person });
}

type SystemActor = Awaited<ReturnType<typeof systemActor>>;

/** Runs this in a transaction if the promotion is still open. */
async function withPromotion(
  db: Database,
  siteId: string,
  id: string,
  now: string,
  work: (trx: Database, actor: SystemActor, site: Site, promotion: Promotion) => Promise<void>,
): Promise<void> {
  const actor = await systemActor(db, now);
  await siteTransaction(db, actor, siteId, async (trx, actor) => {
    const [promotion] = await listPromotions(trx, siteId, { ids: [id] });
    const site = await findSiteById(trx, siteId);
    if (promotion?.open && site) await work(trx, actor, site, promotion);
  });
}
