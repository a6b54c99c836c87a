import { listed } from "../promotions/rules.ts";
import type { Gate } from "./queries.ts";

const counts = ["No", "One", "Two", "Three", "Four", "Five"];

/** What a gate asks, in words. `roles` are the names of roles by their slugs. */
export function gateSentence(gate: Gate | null, roles: Record<string, string> = {}): string {
  if (!gate?.requirements.length) return "No gate: whoever may record puts things here.";
  const asked = gate.requirements.map(({ role, count }, i) => {
    const many = i ? String(counts[count] ?? count).toLowerCase() : (counts[count] ?? count);
    return `${many} ${count === 1 ? "person" : "people"} with the role ${roles[role] ?? role}`;
  });
  const one = gate.requirements.length === 1 && gate.requirements[0]?.count === 1;
  const asker = gate.asker_may_approve ? "whoever asked may be among them" : "whoever asked does not";
  return `${listed(asked)} ${one ? "approves" : "approve"}; ${asker}.`;
}
