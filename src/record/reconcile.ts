import type { Database } from "../database/connect.ts";
import { nextMoments, statementsAt, statesOf } from "./load-statements.ts";
import { isSame, lastPlaced, neverPlaced, type RedundantPlacement, replayMoment } from "./replay.ts";
import type { Artifact, ResolvedLine, State, StatedEnvironment, Statement } from "./statements.ts";

// The record is the history that recording everything in order would have made. A deployment that is recorded late, or
// a correction, changes the state of artifacts at a moment; what later statements mean was decided by the state before:
// a confirmation may be a change now, and a placement may bring only what is there already. Later moments are replayed
// one by one for as long as the state differs from what the placements have made of it: from there on nothing changes.

/** What has to be written so that the placements are right again. */
export interface Consequences {
  /** Statements that prove to be changes, in rounds: one of an artifact in each. */
  toPlace: Statement[][];
  /** Placements that prove to change nothing. */
  redundant: RedundantPlacement[];
}

/** What follows of a deployment: of lines that changed what was there at its moment. `before`: the states by artifact. */
export async function reconcileAfter(
  trx: Database,
  environment: StatedEnvironment,
  at: string,
  changed: ResolvedLine[],
  before: Map<string, State>,
): Promise<Consequences> {
  const outcomes: Outcomes = new Map();
  const diverged = changed.map((line) => ({ ...named(line), at, was: stateIn(before, line), is: line }));
  await follow(trx, environment, diverged, outcomes);
  return consequencesOf(outcomes);
}

/**
 * What follows of a correction: of other statements that hold for a moment than before. `before`: the states at that
 * moment by the statements that held until now.
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
  const due = artifacts.map((one) => ({ ...named(one), at, was: stateIn(before, one), is: stateIn(earlier, one) }));
  const replayed = await replay(trx, environment, due, outcomes);
  const diverged = replayed.map((one) => ({ ...one, was: stateIn(before, one) }));
  await follow(trx, environment, diverged, outcomes);
  return consequencesOf(outcomes);
}

const named = ({ artifact_id, kind, key }: Artifact): Artifact => ({ artifact_id, kind, key });
const stateIn = (states: Map<string, State>, { artifact_id }: Artifact) => states.get(artifact_id) ?? neverPlaced;

/** An artifact whose state at a moment is no longer the one that its later placements were decided by. */
interface Divergence extends Artifact {
  at: string;
  was: State;
  is: State;
}

/** What follows for each artifact, in the order of its moments. */
type Outcomes = Map<string, { toPlace: Statement[]; redundant: RedundantPlacement[] }>;

function consequencesOf(outcomes: Outcomes): Consequences {
  const toPlace: Statement[][] = [];
  for (const one of outcomes.values())
    one.toPlace.forEach((statement, round) => {
      toPlace[round] ??= [];
      toPlace[round].push(statement);
    });
  return { toPlace, redundant: [...outcomes.values()].flatMap((one) => one.redundant) };
}

/** Replays the moments after these, of each artifact for as long as its state differs. All diverge at one moment. */
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

/** The same artifacts at the next moment that can make a difference, without those that have none. */
async function atNextMoments(trx: Database, environment: StatedEnvironment, open: Divergence[]): Promise<Divergence[]> {
  // where only the flag differs, what merely confirms the version makes none
  const { flag = [], version = [] } = Object.groupBy(open, ({ was, is }) =>
    was.version_id === is.version_id ? "flag" : "version",
  );
  const next = new Map([
    ...(await nextMoments(trx, environment, version)),
    ...(await nextMoments(trx, environment, flag, { promoted: true })),
  ]);
  return open.flatMap((one) => {
    const at = next.get(one.artifact_id);
    return at === undefined ? [] : [{ ...one, at }];
  });
}

/** Replays the moment of each, and answers what its placements had made of it and what it is now. */
async function replay(trx: Database, environment: StatedEnvironment, due: Divergence[], outcomes: Outcomes) {
  const statements = await statementsAt(trx, environment, due);
  return due.map((one): Divergence => {
    const here = statements.get(one.artifact_id) ?? [];
    const { state, toPlace, redundant } = replayMoment(one.is, here);
    const outcome = outcomes.get(one.artifact_id) ?? { toPlace: [], redundant: [] };
    if (toPlace) outcome.toPlace.push(toPlace);
    outcome.redundant.push(...redundant);
    outcomes.set(one.artifact_id, outcome);
    return { ...one, was: lastPlaced(here) ?? one.was, is: state };
  });
}
