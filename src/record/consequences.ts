import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import type { Consequences } from "./reconcile.ts";
import { type Placement, type ResolvedLine, statementKey } from "./statements.ts";
import { type Cause, markRedundant, writePlacements } from "./write-placements.ts";

/** Writes the consequences of a deployment or correction. Returns the new placements, and the consequences as event details. */
export async function writeConsequences(trx: Database, { toPlace, redundant }: Consequences, cause: Cause) {
  const placed: Placement[] = [];
  for (const round of toPlace) {
    // these statements were recorded earlier, but only from now on is it known that they are changes
    const rows = round.map((statement) => ({ ...statement, recorded_at: cause.recorded_at }));
    placed.push(...(await writePlacements(trx, rows)));
  }
  const confirmed = await markRedundant(trx, redundant, cause);
  const details = nonEmpty({
    returned: placed.map(laterEntry),
    repeated: redundant.map((placement) => ({
      ...laterEntry(placement),
      recorded_at: placement.recorded_at,
      // true if its statement became a confirmation; otherwise it was one already
      kept: confirmed.has(statementKey(placement)) || undefined,
    })),
  });
  return { placed, details };
}

/** A line as stored in an event's details. Its keys are in the order of canonical JSON, which saves sorting them in thousands of lines. */
export function lineEntry({ seq, kind, key, version, out_of_band, promotion_id }: ResolvedLine & { seq?: number }) {
  return { key, kind, out_of_band: out_of_band || undefined, promotion_id: promotion_id ?? undefined, seq, version };
}

function laterEntry(placement: Placement) {
  const { deployment_id, effective_at } = placement;
  return { ...lineEntry(placement), deployment_id, effective_at };
}

/** The lists that are not empty, or undefined if all are. */
export function nonEmpty(lists: Record<string, Json[]>): Record<string, Json> | undefined {
  const entries = Object.entries(lists).filter(([, list]) => list.length);
  return entries.length ? Object.fromEntries(entries) : undefined;
}
