import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, refuse, refuseFields } from "../errors.ts";
import { whyNotWhen } from "../time/rfc3339.ts";
import { assessPromotion } from "./assessment.ts";
import { whyNotForce, whyNotForceReason, whyNotReviewComment, whyNotReviewForced } from "./break-glass-rules.ts";
import { writeCompletion } from "./completion.ts";
import { appendPromotionEvent } from "./open-promotions.ts";
import { type Outcome, outcome, promotionOf, withBlockers } from "./promotions.ts";
import { listPromotions, type Promotion } from "./queries.ts";

/**
 * Completes a promotion although its gate is not met. What blocked it is kept with the reason, and it stays on a list until
 * somebody else has reviewed it. Completing again changes nothing. Throws a Refusal with 403 if the person may not, 409 if
 * it is closed, not blocked, or of a release that is marked as bad; and 422 for the reason or the time.
 */
export function completeWithoutGate(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  request: { reason: string; effective_at?: string | undefined },
): Promise<Outcome> {
  refuse(whyNotMay(actor, "break_glass"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const found = await promotionOf(trx, site, number);
    const { completion } = found;
    if (completion?.forced && completion.person_id === actor.person.id) return withBlockers(trx, site, found, actor.at);
    refuseFields(fieldErrors({ reason: whyNotForceReason(request.reason) }));
    refuseFields(fieldErrors({ effective_at: whyNotWhen(request.effective_at, actor.at) }));
    const promotion = await assessPromotion(trx, site.id, found, actor.at);
    refuse(whyNotForce(promotion), 409, "not_forcible");
    const forced = { reason: request.reason.trim(), blockers: promotion.blockers };
    await writeCompletion(trx, actor, site, promotion, { effective_at: request.effective_at, forced });
    return outcome(trx, site, number, actor.at);
  });
}

/**
 * Records that somebody else has reviewed a completion without its gate, which takes it off the list. Throws a Refusal with
 * 403 if the person may not review it, 409 if there is nothing to review, and 422 for the comment.
 */
export function reviewForced(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  comment: string | undefined,
): Promise<Outcome> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = await promotionOf(trx, site, number);
    const forced = promotion.completion?.forced;
    if (forced?.review?.person_id === actor.person.id) return withBlockers(trx, site, promotion, actor.at);
    refuse(whyNotReviewForced(promotion, actor), forced && !forced.review ? 403 : 409);
    refuseFields(fieldErrors({ comment: whyNotReviewComment(comment) }));
    const row = {
      promotion_id: promotion.id,
      person_id: actor.person.id,
      comment: comment?.trim() || null,
      reviewed_at: actor.at,
    };
    await trx.insertInto("forced_reviews").values(row).execute();
    await appendPromotionEvent(trx, actor, site, promotion, "forced_completion_reviewed", row);
    return outcome(trx, site, number, actor.at);
  });
}

/** The promotions that were completed without their gate, newest first; `open`: only those to be reviewed. */
export async function listForced(
  db: Database,
  siteId: string,
  { open, before, limit = 1000 }: { open: boolean; before?: number | undefined; limit?: number },
): Promise<Promotion[]> {
  const rows = await forcedOf(db, siteId);
  const ids = rows.filter((row) => !open || row.reviewed_at === null).map((row) => row.promotion_id);
  return ids.length ? listPromotions(db, siteId, { ids, before, limit }) : [];
}

const forcedOf = precompiled((db, siteId: string) =>
  db
    .selectFrom("forced_completions as f")
    // a cross join keeps SQLite from walking all promotions in search of the few that were forced
    .crossJoin("promotions as p")
    .leftJoin("forced_reviews as r", "r.promotion_id", "f.promotion_id")
    .select(["f.promotion_id", "r.reviewed_at"])
    .whereRef("p.id", "=", "f.promotion_id")
    .where("p.site_id", "=", siteId),
);

/** Those that this person has to review. */
export async function forcedToReview(db: Database, actor: Actor, siteId: string): Promise<Promotion[]> {
  const open = await listForced(db, siteId, { open: true });
  return open.filter((promotion) => !whyNotReviewForced(promotion, actor));
}
