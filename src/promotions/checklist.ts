import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { withDelegations } from "../delegations/queries.ts";
import { fieldErrors, refuse, refuseFields } from "../errors.ts";
import { whyNotLine, whyNotTick } from "./completion-rules.ts";
import { appendPromotionEvent } from "./open-promotions.ts";
import { type Outcome, outcome, promotionOf, withBlockers } from "./promotions.ts";

/**
 * Ticks a line of the gate's checklist, or takes the tick away; both are recorded. If it is so already nothing changes. Throws a
 * Refusal with 403 for a person who neither approves nor completes, 409 if the promotion has ended, and 422 for an unknown line.
 */
export function tickLine(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  { line, ticked }: { line: string; ticked: boolean },
): Promise<Outcome> {
  return siteTransaction(db, actor, site.id, async (trx, person) => {
    const promotion = await promotionOf(trx, site, number);
    const actor = await withDelegations(trx, site.id, person);
    refuse(whyNotTick(promotion, actor), promotion.open ? 403 : 409);
    refuseFields(fieldErrors({ line: whyNotLine(promotion, line) }));
    const current = promotion.checklist.find((one) => one.line === line);
    if (Boolean(current?.tick) === ticked) return withBlockers(trx, site, promotion, actor.at);
    const row = {
      id: newId(Date.parse(actor.at)),
      promotion_id: promotion.id,
      seq: promotion.ticks + 1,
      line,
      ticked: ticked ? (1 as const) : (0 as const),
      person_id: actor.person.id,
      ticked_at: actor.at,
    };
    await trx.insertInto("checklist_ticks").values(row).execute();
    await appendPromotionEvent(trx, actor, site, promotion, "checklist_ticked", row);
    return outcome(trx, site, number, actor.at);
  });
}
