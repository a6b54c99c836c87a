import type { Promotion } from "./queries.ts";
import { whyNotDecide } from "./rules.ts";

/** Whether it waits for this very person: they may decide, have not yet, and the gate still wants their role. */
export function needsDecisionOf(promotion: Promotion, person: { id: string }, roles: string[]): boolean {
  const by = { person: person as never, roles };
  if (whyNotDecide(promotion, by) || promotion.approvals.some((one) => one.person_id === person.id)) return false;
  return promotion.requirements.some((one) => roles.includes(one.role) && one.given < one.needed);
}
