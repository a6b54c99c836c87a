import { isUnknown, type KnownState } from "../record/unknown.ts";
import type { Flag } from "../schema.ts";

/** The current placement of a row in one environment. */
export interface RecordedCell {
  /** null: removed. */
  version_id: string | null;
  version: string | null;
  /** When the version was first deployed anywhere, and when it was first recorded. */
  first_at: string | null;
  created_at: string | null;
  effective_at: string;
  recorded_at: string;
  out_of_band: Flag;
  /** Whether it came with a baseline. */
  baseline: Flag;
}

/** How a cell compares with the one to its right. */
export type Comparison = "same" | "ahead" | "behind" | "missing" | "gone" | "unknown";

/** A row in one environment. */
export interface CellState extends KnownState {
  recorded: RecordedCell | undefined;
}

/** Compares the i-th cell with the one to its right; undefined for the last one, and if there is nothing to compare. */
export function compareWithNext(row: readonly CellState[], i: number): Comparison | undefined {
  if (i >= row.length - 1) return;
  const left = row[i]?.recorded;
  const right = row[i + 1]?.recorded;
  if (isUnknown(row, i)) return "unknown";
  if (!left) return;
  if (isUnknown(row, i + 1)) return "unknown";
  if (left.version_id === (right?.version_id ?? null)) return "same";
  if (left.version_id === null) return "gone";
  if (!right?.version_id) return "missing";
  return isNewer(left, right) ? "ahead" : "behind";
}

/**
 * The newer version is the one that was first deployed later, whatever the labels are. Of two that were there before the book
 * was opened, nobody knows; a site moves from left to right.
 */
function isNewer(left: RecordedCell, right: RecordedCell): boolean {
  if (left.baseline && right.baseline) return true;
  const order = (cell: RecordedCell) => [cell.first_at, cell.created_at, cell.version_id].join(" ");
  return order(left) > order(right);
}
