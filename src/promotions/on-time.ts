import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { assessPromotion, type PromotionDetails } from "./assessment.ts";
import type { Promotion } from "./queries.ts";
import { requirementsOf } from "./rules.ts";
import { asItWasAt, whyNotOnTime } from "./schedule-rules.ts";

/** A promotion as it is now, and why it cannot be completed as of its planned moment; undefined if it can. */
export async function assessOnTime(
  trx: Database,
  site: Site,
  promotion: Promotion,
  dueAt: string,
  now: string,
): Promise<{ details: PromotionDetails; reason: string | undefined }> {
  const details = await assessPromotion(trx, site.id, promotion, now);
  const then = asItWasAt(promotion, dueAt);
  const past = { ...then, requirements: requirementsOf(then, await roleNames(trx)) };
  const { blockers } = await assessPromotion(trx, site.id, past, dueAt);
  return { details, reason: whyNotOnTime(blockers, details.blockers) };
}
