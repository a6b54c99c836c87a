import type { Flag } from "../schema.ts";

/** What was recorded of a row in one environment. */
export interface RecordedCell {
  /** Nothing: removed. */
  version_id: string | null;
  version: string | null;
  /** When the version is first known to have stood anywhere, and when Sitebook first heard of it. */
  first_at: string | null;
  created_at: string | null;
  effective_at: string;
  recorded_at: string;
  out_of_band: Flag;
}

/** How a cell stands to the one on its right. */
export type Comparison = "same" | "ahead" | "behind" | "missing" | "gone" | "unknown";

/** One row in one environment; `told` is whether Sitebook was ever told anything of that environment. */
export interface CellState {
  told: boolean;
  recorded: RecordedCell | undefined;
}

/**
 * Not known: nobody ever told what is there, or nobody told how this came to be further on. What has not been recorded
 * here nor anywhere further on is simply not here yet.
 */
export function isUnknown(row: readonly CellState[], i: number): boolean {
  const square = row[i];
  if (!square?.told) return true;
  return !square.recorded && row.slice(i + 1).some((further) => further.recorded?.version_id);
}

/** How the i-th cell stands to its right; nothing for the last one, and where there is nothing to compare. */
export function compareWithNext(row: readonly CellState[], i: number): Comparison | undefined {
  if (i >= row.length - 1) return;
  const here = row[i]?.recorded;
  const right = row[i + 1]?.recorded;
  if (isUnknown(row, i)) return "unknown";
  if (!here) return;
  if (isUnknown(row, i + 1)) return "unknown";
  if (here.version_id === (right?.version_id ?? null)) return "same";
  if (here.version_id === null) return "gone";
  if (!right?.version_id) return "missing";
  return isNewer(here, right) ? "ahead" : "behind";
}

/** The version that first stood anywhere later is the newer one, whatever its label says. */
function isNewer(here: RecordedCell, right: RecordedCell): boolean {
  const order = (one: RecordedCell) => [one.first_at, one.created_at, one.version_id].join(" ");
  return order(here) > order(right);
}
