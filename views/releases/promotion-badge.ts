import type { OpenBlockers } from "../../src/promotions/open-blockers.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { Html } from "../parts/html.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { blockedInWords, stateInWords } from "../promotions/words.ts";

/** The state of a promotion, or that it is blocked, as a link to it. */
export function promotionBadge(site: { slug: string }, promotion: Promotion, blockers: OpenBlockers): Html {
  const href = `/sites/${site.slug}/promotions/${promotion.number}`;
  const reasons = blockers.get(promotion.id);
  if (!reasons) return statusBadge(promotion.state, stateInWords(promotion), { href });
  const title = reasons.map(({ message }) => message).join(" ");
  return statusBadge("blocked", blockedInWords(promotion), { href, title });
}
