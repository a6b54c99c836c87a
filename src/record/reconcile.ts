import type { Database } from "../database/connect.ts";
import { nextMoments, statementsAt, statesOf } from "./load-statements.ts";
import { isSame, lastPlaced, neverPlaced, type RedundantPlacement, replayMoment } from "./replay.ts";
import type { Artifact, ResolvedLine, State, StatedEnvironment, Statement } from "./statements.ts";

// The placements must always be those that recording everything in order would have written. A late deployment or a
// correction changes the state of artifacts at a moment, and whether a later statement is a change depends on the state
// before it: a confirmation may now be a change, and a placement may now change nothing. So the later moments are replayed
// one by one, until the state is the same as the stored placements give: from there on nothing changes.

/** The changes to write so that the placements are right again. */
export interface Consequences {
  /** Statements that prove to be changes, in rounds with at most one statement of each artifact. */
  toPlace: Statement[][];
  /** Placements that prove to change nothing. */
  redundant: RedundantPlacement[];
}

/** The consequences of the lines of a deployment that changed a state at its moment. `before`: the previous states, by artifact id. */
export async function reconcileAfter(
  trx: Database,
  environment: StatedEnvironment,
  at: string,
  changed: ResolvedLine[],
  before: Map<string, State>,
): Promise<Consequences> {
  const outcomes: Outcomes = new Map();
  const diverged = changed.map((line) => ({ ...identityOf(line), at, was: stateIn(before, line), is: line }));
  await follow(trx, environment, diverged, outcomes);
  return consequencesOf(outcomes);
}

/**
 * The consequences of a correction, after which other statements count for a moment than before. `before`: the states at
 * that moment until now, by artifact id.
 */
export async function reconcileFrom(
  trx: Database,
  environment: StatedEnvironment,
  at: string,
  artifacts: Artifact[],
  before: Map<string, State>,
): Promise<Consequences> {
  const outcomes: Outcomes = new Map();
  const earlier = await statesOf(trx, environment.id, new Date(Date.parse(at) - 1).toISOString(), artifacts);
  const due = artifacts.map((artifact) => ({
    ...identityOf(artifact),
    at,
    was: stateIn(before, artifact),
    is: stateIn(earlier, artifact),
  }));
  const replayed = await replay(trx, environment, due, outcomes);
  const diverged = replayed.map((divergence) => ({ ...divergence, was: stateIn(before, divergence) }));
  await follow(trx, environment, diverged, outcomes);
  return consequencesOf(outcomes);
}

const identityOf = ({ artifact_id, kind, key }: Artifact): Artifact => ({ artifact_id, kind, key });
const stateIn = (states: Map<string, State>, { artifact_id }: Artifact) => states.get(artifact_id) ?? neverPlaced;

/** An artifact whose state at a moment is no longer the one (`was`) that its later placements depend on. */
interface Divergence extends Artifact {
  at: string;
  was: State;
  is: State;
}

/** The consequences for each artifact, in the order of its moments, by artifact id. */
type Outcomes = Map<string, { toPlace: Statement[]; redundant: RedundantPlacement[] }>;

function consequencesOf(outcomes: Outcomes): Consequences {
  const toPlace: Statement[][] = [];
  for (const outcome of outcomes.values())
    outcome.toPlace.forEach((statement, round) => {
      toPlace[round] ??= [];
      toPlace[round].push(statement);
    });
  return { toPlace, redundant: [...outcomes.values()].flatMap((outcome) => outcome.redundant) };
}

/** Replays the later moments of each artifact, as long as its state differs. All of them diverge at the same moment. */
async function follow(trx: Database, environment: StatedEnvironment, diverged: Divergence[], outcomes: Outcomes) {
  let open = diverged.filter(differs);
  if (!open[0] || !(await isLate(trx, environment.id, open[0].at))) return;
  while (open.length) {
    const replayed = await replay(trx, environment, await atNextMoments(trx, environment, open), outcomes);
    open = replayed.filter(differs);
  }
}

const differs = ({ was, is }: Divergence): boolean => !isSame(was, is);

async function isLate(trx: Database, environmentId: string, effectiveAt: string): Promise<boolean> {
  const later = await trx
    .selectFrom("deployments")
    .select("id")
    .where("environment_id", "=", environmentId)
    .where("effective_at", ">", effectiveAt)
    .limit(1)
    .executeTakeFirst();
  return later !== undefined;
}

/** The same artifacts at the next moment at which a statement may change, without those that have no such moment. */
async function atNextMoments(trx: Database, environment: StatedEnvironment, open: Divergence[]): Promise<Divergence[]> {
  // if only the flag differs, a confirmation of the version changes nothing
  const { flag = [], version = [] } = Object.groupBy(open, ({ was, is }) =>
    was.version_id === is.version_id ? "flag" : "version",
  );
  const next = new Map([
    ...(await nextMoments(trx, environment, version)),
    ...(await nextMoments(trx, environment, flag, { promoted: true })),
  ]);
  return open.flatMap((divergence) => {
    const at = next.get(divergence.artifact_id);
    return at === undefined ? [] : [{ ...divergence, at }];
  });
}

/** Replays the moment of each artifact. Returns the state after it by the stored placements, and the right one. */
async function replay(trx: Database, environment: StatedEnvironment, due: Divergence[], outcomes: Outcomes) {
  const statements = await statementsAt(trx, environment, due);
  return due.map((divergence): Divergence => {
    const stated = statements.get(divergence.artifact_id) ?? [];
    const { state, toPlace, redundant } = replayMoment(divergence.is, stated);
    const outcome = outcomes.get(divergence.artifact_id) ?? { toPlace: [], redundant: [] };
    if (toPlace) outcome.toPlace.push(toPlace);
    outcome.redundant.push(...redundant);
    outcomes.set(divergence.artifact_id, outcome);
    return { ...divergence, was: lastPlaced(stated) ?? divergence.was, is: state };
  });
}
