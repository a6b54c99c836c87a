import type { World } from "./world.ts";

/** Promotes v1 and then v2 of all of these to demo, by promotions 1 and 2. Afterwards the clock is at the time of the second. */
export async function promoted(w: World, names: string[]): Promise<string[]> {
  for (const version of ["v1", "v2"]) {
    await w.record(
      "beta",
      names.map((name) => `${name} ${version}`),
    );
    await w.promote((await w.release(version, names)).number, "demo");
    w.clock.at = "2026-03-03T11:00:00.000Z";
  }
  return names;
}
