import { listed } from "../promotions/rules.ts";
import type { Gate } from "./queries.ts";

const counts = ["No", "One", "Two", "Three", "Four", "Five"];

/** What a gate asks, in words; role slugs read well enough once their hyphens are gone. */
export function gateSentence(gate: Gate | null): string {
  if (!gate?.requirements.length) return "No gate: whoever may record puts things here.";
  const asked = gate.requirements.map(({ role, count }) => `${counts[count] ?? count} ${role.replaceAll("-", " ")}`);
  const one = gate.requirements.length === 1 && gate.requirements[0]?.count === 1;
  const asker = gate.asker_may_approve ? "whoever asked may be among them" : "whoever asked does not";
  return `${listed(asked)} ${one ? "approves" : "approve"}; ${asker}.`;
}
