/** A row in one environment, as far as it is recorded there. */
export interface KnownState {
  /** Whether anything was ever recorded for the environment. */
  environmentKnown: boolean;
  recorded: { version_id: string | null } | undefined;
}

/**
 * Whether the i-th cell is unknown: nothing was ever recorded for its environment, or the row was recorded further to the
 * right but never here, so that part of its history is missing. Recorded in none of them, it is just not deployed yet.
 */
export function isUnknown(row: readonly KnownState[], i: number): boolean {
  const cell = row[i];
  if (!cell?.environmentKnown) return true;
  return !cell.recorded && row.slice(i + 1).some((further) => further.recorded?.version_id);
}

/** The ids of the environments for which anything was ever recorded: of the others nothing is known. */
export const knownEnvironments = (summary: {
  environments: { environment_id: string; changed_at: string | null }[];
}): Set<string> =>
  new Set(summary.environments.flatMap((one) => (one.changed_at === null ? [] : [one.environment_id])));
