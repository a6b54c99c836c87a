import { type GateRules, readGate } from "../../src/access/gates.ts";
import { newId } from "../../src/database/ids.ts";
import { environmentOf, type World } from "./world.ts";

/** Gives an environment of the world a gate with these rules: one approval of marketing unless they say otherwise. */
export async function setGate(w: World, slug: string, rules: Partial<GateRules>): Promise<void> {
  const environment = environmentOf(w.site, slug);
  const stored = { requirements: [{ role: "marketing", count: 1 }], asker_may_approve: false, ...rules };
  const row = {
    id: newId(Date.parse(w.clock.at)),
    environment_id: environment.id,
    version: (environment.gate?.version ?? 0) + 1,
    rules: JSON.stringify(stored),
    since: w.clock.at,
  };
  await w.db.insertInto("gates").values(row).execute();
  environment.gate = readGate(row);
}
