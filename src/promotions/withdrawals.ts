import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, refuse, refuseFields } from "../errors.ts";
import { countingApprovalOf, whyNotWithdraw } from "./decision-rules.ts";
import { appendPromotionEvent } from "./open-promotions.ts";
import { type Outcome, outcome, promotionOf } from "./promotions.ts";
import { whyNotReason } from "./rules.ts";

/**
 * Withdraws the actor's own approval, which then no longer counts; they may approve again. Throws a Refusal with 409 if they have
 * not approved it or if it has ended, and with 422 without a reason.
 */
export function withdrawApproval(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  reason: string,
): Promise<Outcome> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = await promotionOf(trx, site, number);
    refuse(whyNotWithdraw(promotion, actor));
    refuseFields(fieldErrors({ withdrawal: whyNotReason("A withdrawal", reason) }));
    const row = {
      approval_id: countingApprovalOf(promotion, actor)?.id as string,
      promotion_id: promotion.id,
      person_id: actor.person.id,
      reason: reason.trim(),
      withdrawn_at: actor.at,
      expired_at: null,
    };
    await trx.insertInto("withdrawals").values(row).execute();
    await appendPromotionEvent(trx, actor, site, promotion, "approval_withdrawn", row);
    return outcome(trx, site, number, actor.at);
  });
}
