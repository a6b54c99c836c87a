import type { Placement, ResolvedLine, State, StoredStatement } from "./statements.ts";

export const neverPlaced: State = { version_id: null, out_of_band: 0 };

/** Whether a line changes the state. So does a promotion of the version that is there out of band: it is allowed now. */
export function changes(state: State = neverPlaced, line: Pick<ResolvedLine, "version_id" | "promotion_id">): boolean {
  return state.version_id !== line.version_id || (state.out_of_band === 1 && line.promotion_id !== null);
}

export const isSame = (a: State, b: State): boolean => a.version_id === b.version_id && a.out_of_band === b.out_of_band;

/** A placement that changes nothing. `stated_at`: when its deployment was recorded. */
export interface RedundantPlacement extends Placement {
  stated_at: string;
}

export interface Replayed {
  state: State;
  /** The statement that needs a placement, so that the moment ends in this state. */
  toPlace?: StoredStatement | undefined;
  /** Placements of statements that change nothing or get a new placement. */
  redundant: RedundantPlacement[];
}

/**
 * Replays the statements for one moment on the state before it, in the order in which they were recorded. Statements that
 * change the state keep their placements. If several have none, only the last gets one: the others were in effect for no
 * time at all. Its placement must have the greatest seq of the moment, because that one counts.
 */
export function replayMoment(before: State = neverPlaced, statements: StoredStatement[]): Replayed {
  let state = before;
  const changing = new Set<StoredStatement>();
  let last: StoredStatement | undefined;
  for (const statement of statements.toSorted((a, b) => a.number - b.number)) {
    if (!changes(state, statement)) continue;
    state = last = statement;
    changing.add(statement);
  }
  const placements = placementsOf(statements);
  const isPlacedLast = placements.findLast(({ statement }) => changing.has(statement))?.statement === last;
  if (last && !isPlacedLast) changing.delete(last);
  const redundant = placements.filter(({ statement }) => !changing.has(statement)).map(asPlacement);
  return { state, toPlace: isPlacedLast ? undefined : last, redundant };
}

/** The state after the moment by the placements until now; undefined if there are none. */
export const lastPlaced = (statements: StoredStatement[]): State | undefined =>
  placementsOf(statements).at(-1)?.statement;

const placementsOf = (statements: StoredStatement[]) =>
  statements
    .flatMap((statement) => statement.placements.map((placement) => ({ statement, ...placement })))
    .sort((a, b) => a.seq - b.seq);

function asPlacement({ statement, seq, recorded_at }: ReturnType<typeof placementsOf>[number]): RedundantPlacement {
  return { ...statement, seq, recorded_at, stated_at: statement.recorded_at };
}
