import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import type { Consequences } from "./reconcile.ts";
import type { Placement, ResolvedLine } from "./statements.ts";
import { type Cause, markRedundant, statementName, writePlacements } from "./write-placements.ts";

/** Writes what follows from a deployment or a correction. Answers it, too, as the event's details keep it. */
export async function writeConsequences(trx: Database, { toPlace, redundant }: Consequences, cause: Cause) {
  const placed: Placement[] = [];
  for (const round of toPlace) {
    // it is known from now on that these are changes, though they were recorded before
    const rows = round.map((one) => ({ ...one, recorded_at: cause.recorded_at }));
    placed.push(...(await writePlacements(trx, rows)));
  }
  const kept = await markRedundant(trx, redundant, cause);
  const details = nonEmpty({
    returned: placed.map(laterEntry),
    repeated: redundant.map((one) => ({
      ...laterEntry(one),
      recorded_at: one.recorded_at,
      // its statement became a confirmation; else it was one already
      kept: kept.has(statementName(one)) || undefined,
    })),
  });
  return { placed, details };
}

/** A line as an event's details keep it: in the order of canonical JSON, in which thousands are written without sorting each. */
export function lineEntry({ seq, kind, key, version, out_of_band, promotion_id }: ResolvedLine & { seq?: number }) {
  return { key, kind, out_of_band: out_of_band || undefined, promotion_id: promotion_id ?? undefined, seq, version };
}

function laterEntry(one: Placement) {
  return { ...lineEntry(one), deployment_id: one.deployment_id, effective_at: one.effective_at };
}

/** Only the lists that are not empty, if there are any. */
export function nonEmpty(lists: Record<string, Json[]>): Record<string, Json> | undefined {
  const some = Object.entries(lists).filter(([, list]) => list.length);
  return some.length ? Object.fromEntries(some) : undefined;
}
