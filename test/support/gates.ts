import { environmentsOf } from "../../src/access/environments.ts";
import { type GateRules, gateDefaults } from "../../src/access/gates.ts";
import { changeGate } from "../../src/gates/gates.ts";
import { environmentOf, type World } from "./world.ts";

/** Gives an environment of the world a gate with these rules: one approval of marketing unless they say otherwise. */
export async function setGate(w: World, slug: string, changes: Partial<GateRules>): Promise<void> {
  const requirements = [{ role: "marketing", count: 1 }];
  const rules = { ...gateDefaults, requirements, asker_may_approve: false, ...changes };
  await changeGate(w.db, await w.by("iris"), w.site, environmentOf(w.site, slug), { rules, reason: "As agreed" });
  Object.assign(w.site, await environmentsOf(w.db, w.site.id));
}
