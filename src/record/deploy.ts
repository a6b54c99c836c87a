import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import { type Environment, refuseRetiredNow } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import { lineEntry, nonEmpty, writeConsequences } from "./consequences.ts";
import { appendEvent } from "./events.ts";
import { lowerFirstSeen } from "./first-seen.ts";
import { statesAt, statesOf } from "./load-statements.ts";
import type { NewFacts } from "./new-facts.ts";
import { nextNumber } from "./numbers.ts";
import { writeInheritedOwners } from "./ownerships.ts";
import { reconcileAfter } from "./reconcile.ts";
import { whyNotRemove } from "./removals.ts";
import { changes } from "./replay.ts";
import { withSectionCounts } from "./section-counts.ts";
import { type Artifact, absent, type ResolvedLine, type State } from "./statements.ts";
import { writeConfirmations, writePlacements } from "./write-placements.ts";

interface Deployment {
  /** Its id, if the caller needs to know it before it is written. */
  id?: string | undefined;
  effectiveAt: string;
  complete: boolean;
  /** It records what was already there when the book was opened. */
  baseline?: boolean | undefined;
  /** How many a complete list may remove at most; see `whyNotRemove` for what holds otherwise. */
  allowRemovals?: number | undefined;
  note: string | null;
  source: string | null;
  /** Of what Sitebook saw itself: when it last saw it otherwise. */
  seenOtherwiseAt?: string | undefined;
  promotion?: { id: string; number: number } | undefined;
  /** What the lines add to the known artifacts and versions. */
  newFacts?: NewFacts | undefined;
  lines: ResolvedLine[];
}

/**
 * Writes a deployment: a placement for each line that changes what was there at its effective moment, a confirmation
 * for each line that does not, and, if it is recorded late, its consequences for later statements. Moves the current
 * pointers and appends the event. Must be called inside a verb's transaction. Throws a Refusal with 409 if the environment is
 * retired, and with 422 if it is a complete list that would remove more than it may.
 */
export async function deploy(
  trx: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  deployment: Deployment,
) {
  await refuseRetiredNow(trx, environment);
  const { effectiveAt } = deployment;
  const before = await statesBefore(trx, environment.id, deployment);
  const unlisted = deployment.complete ? removals(before, deployment, environment) : [];
  if (deployment.complete) refuseRemovals(before, deployment, environment, unlisted.length);
  const lines = [...deployment.lines, ...unlisted];
  const changed = lines.filter((line) => changes(before.get(line.artifact_id), line));
  const same = lines.filter((line) => !changes(before.get(line.artifact_id), line));
  const row = {
    id: deployment.id ?? newId(Date.parse(actor.at)),
    site_id: site.id,
    number: await nextNumber(trx, site.id, "deployments"),
    environment_id: environment.id,
    effective_at: effectiveAt,
    recorded_at: actor.at,
    person_id: actor.person.id,
    promotion_id: deployment.promotion?.id ?? null,
    source: deployment.source,
    note: deployment.note,
    complete: deployment.complete ? (1 as const) : (0 as const),
    baseline: deployment.baseline ? (1 as const) : (0 as const),
    changed: changed.length,
    unchanged: same.length,
    out_of_band: changed.filter((line) => line.out_of_band).length,
    seen_otherwise_at: deployment.seenOtherwiseAt ?? null,
  };
  await trx.insertInto("deployments").values(row).execute();
  const at = {
    deployment_id: row.id,
    environment_id: environment.id,
    effective_at: effectiveAt,
    recorded_at: actor.at,
  };
  await writeConfirmations(
    trx,
    same.map((line) => ({ ...line, ...at })),
  );
  const added = deployment.newFacts?.artifacts.map(({ id }) => id) ?? [];
  const place = async () => {
    const placed = await writePlacements(
      trx,
      changed.map((line) => ({ ...line, ...at })),
    );
    await lowerFirstSeen(trx, effectiveAt, changed);
    const consequences = await reconcileAfter(trx, environment, effectiveAt, changed, before);
    return { placed, following: await writeConsequences(trx, consequences, at) };
  };
  const { placed, following } = await withSectionCounts(trx, site, idsOf(changed), place, { added });
  const seq = await appendEvent(trx, actor, site.id, {
    action: "deployment_recorded",
    subject: `deployment ${row.number}`,
    subject_id: row.id,
    environment_id: environment.id,
    details: {
      ...row,
      seen_otherwise_at: deployment.seenOtherwiseAt,
      environment: environment.slug,
      promotion: deployment.promotion?.number,
      learned: deployment.newFacts && nonEmpty(deployment.newFacts),
      placements: placed.map(lineEntry),
      confirmations: same.map(lineEntry),
      ...following.details,
    },
  });
  if (deployment.newFacts) await writeInheritedOwners(trx, { change_id: row.id, seq }, deployment.newFacts);
  return {
    id: row.id,
    number: row.number,
    changed: row.changed,
    unchanged: row.unchanged,
    removed: changed.filter((line) => line.version_id === null).length,
    out_of_band: row.out_of_band,
  };
}

const idsOf = (lines: ResolvedLine[]): string[] => lines.map((line) => line.artifact_id);

/** The states just before it: of all artifacts for a complete inventory, otherwise of those in its lines. */
async function statesBefore(trx: Database, environmentId: string, { effectiveAt, complete, lines }: Deployment) {
  if (!complete) return statesOf(trx, environmentId, effectiveAt, lines);
  const everPlaced = sql<boolean>`a.id in (
    select artifact_id from current_placements where environment_id = ${environmentId})`;
  const rows = await statesAt(trx, environmentId, effectiveAt, everPlaced);
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

function refuseRemovals(
  before: Map<string, State>,
  { lines, allowRemovals }: Deployment,
  { name }: Environment,
  removed: number,
): void {
  const present = [...before.values()].filter((state) => state.version_id !== null).length;
  const message = whyNotRemove({ environment: name, listed: lines.length, present, removed }, allowRemovals);
  const errors = [{ path: "allow_removals", message: message ?? "" }];
  if (message) throw new Refusal(422, message, { code: "removals_not_allowed", errors });
}

/** The removals of what a complete inventory does not list. */
function removals(before: Map<string, Artifact & State>, deployment: Deployment, environment: Environment) {
  const { lines, baseline = false } = deployment;
  const listed = new Set(lines.map((line) => line.artifact_id));
  const removed = [...before.values()].filter((state) => state.version_id !== null && !listed.has(state.artifact_id));
  return removed.map(
    ({ artifact_id, kind, key }): ResolvedLine => ({ artifact_id, kind, key, ...absent(environment, baseline) }),
  );
}
