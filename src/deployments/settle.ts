import type { Environment } from "../access/environments.ts";
import type { Database } from "../database/connect.ts";
import { absentAfter, confirmedAfter, type Found, type Placed, type Put, placedAfter } from "./later.ts";

export type State = Pick<Put, "version_id" | "out_of_band">;
export const never: State = { version_id: null, out_of_band: 0 };

/** A promotion also changes what stood there out of band: the same version, now allowed. */
export function changes(stood: State = never, line: Pick<Put, "version_id" | "promotion_id">): boolean {
  return stood.version_id !== line.version_id || (stood.out_of_band === 1 && line.promotion_id !== null);
}

interface Settled {
  /** Confirmations that prove to be changes, in rounds: one of an artifact in each. */
  returned: Found[][];
  /** Placements that prove to change nothing. */
  repeated: Placed[];
}

interface At {
  effective_at: string;
  recorded_at: string;
}

/**
 * People tell things out of order. Where a change at T comes to light late, the next that was told of the artifact was
 * weighed against what had stood before: a confirmation of that is a change back now, and a placement of what T has
 * already brought is none any more. Answers which, so that the history is the one that telling in order would have made.
 */
export async function settle(
  trx: Database,
  environment: Environment,
  at: At,
  changed: Put[],
  stood: Map<string, State>,
): Promise<Settled> {
  if (!changed.length || !(await isLate(trx, environment.id, at.effective_at))) return { returned: [], repeated: [] };
  const next = await nextAfter(trx, environment, at.effective_at, changed);
  const returned: Found[] = [];
  const repeated: Placed[] = [];
  const flagged: Flagged[] = [];
  for (const line of changed) {
    const before = stood.get(line.artifact_id) ?? never;
    const { placed, confirmed } = next.get(line.artifact_id) ?? {};
    if (before.version_id === line.version_id) flagged.push({ line, before, after: line, from: at.effective_at });
    else if (confirmed && changes(line, confirmed)) {
      returned.push(confirmed);
      flagged.push({ line, before, after: confirmed, from: confirmed.effective_at });
    } else if (placed && !changes(line, placed)) {
      repeated.push(placed);
      flagged.push({ line, before: placed, after: line, from: placed.effective_at });
    }
  }
  const more = await settleFlags(trx, environment, flagged);
  // it is known from now on that these are changes, though they were told before
  const known = (found: Found[]) => found.map((one) => ({ ...one, recorded_at: at.recorded_at }));
  return { returned: [known(returned), known(more.returned)], repeated: [...repeated, ...more.repeated] };
}

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

/** From a moment on the version is the same as it was before, and only whether it was out of band may differ. */
interface Flagged {
  line: Put;
  before: State;
  after: State;
  from: string;
}

/** Where the flag has gone, the next promotion of that version allows nothing new; where it has come, it does. */
async function settleFlags(trx: Database, environment: Environment, flagged: Flagged[]) {
  const returned: Found[] = [];
  const repeated: Placed[] = [];
  const differing = flagged.filter((one) => one.before.out_of_band !== one.after.out_of_band);
  for (const [from, some] of Map.groupBy(differing, (one) => one.from)) {
    const lines = some.map((one) => one.line);
    const placements = await placedAfter(trx, environment.id, from, lines);
    const promoted = await confirmedAfter(trx, environment.id, from, lines, true);
    for (const { line, after } of some) {
      const placed = placements.get(line.artifact_id);
      const confirmed = promoted.get(line.artifact_id);
      if (!after.out_of_band && placed?.version_id === after.version_id) repeated.push(placed);
      if (after.out_of_band && confirmed && isBefore(confirmed, placed)) returned.push(confirmed);
    }
  }
  return { returned, repeated };
}

function isBefore(word: { effective_at: string }, placed: { effective_at: string } | undefined): boolean {
  return !placed || word.effective_at < placed.effective_at;
}

/** The next placement of each, and what was confirmed before that, by name or by being left out of a whole inventory. */
async function nextAfter(trx: Database, environment: Environment, after: string, lines: Put[]) {
  const placements = await placedAfter(trx, environment.id, after, lines);
  const named = await confirmedAfter(trx, environment.id, after, lines);
  const absent = await absentAfter(trx, environment, after, lines);
  return new Map(
    lines.map(({ artifact_id }) => {
      const placed = placements.get(artifact_id);
      const confirmed = earliest(named.get(artifact_id), absent.get(artifact_id));
      return [artifact_id, { placed, confirmed: confirmed && isBefore(confirmed, placed) ? confirmed : undefined }];
    }),
  );
}

function earliest(a: Found | undefined, b: Found | undefined): Found | undefined {
  if (!a || !b) return a ?? b;
  if (a.effective_at !== b.effective_at) return a.effective_at < b.effective_at ? a : b;
  return a.recorded_at > b.recorded_at ? a : b;
}
