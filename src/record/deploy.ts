import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { lineEntry, nonEmpty, writeConsequences } from "./consequences.ts";
import { appendEvent } from "./events.ts";
import { lowerFirstSeen } from "./first-seen.ts";
import { statesAt, statesOf } from "./load-statements.ts";
import type { NewFacts } from "./new-facts.ts";
import { nextNumber } from "./numbers.ts";
import { reconcileAfter } from "./reconcile.ts";
import { changes } from "./replay.ts";
import { withSectionCounts } from "./section-counts.ts";
import { type Artifact, absent, type ResolvedLine, type State } from "./statements.ts";
import { writeConfirmations, writePlacements } from "./write-placements.ts";

interface Deployment {
  /** Where it was named before it is written. */
  id?: string | undefined;
  effectiveAt: string;
  complete: boolean;
  note: string | null;
  source: string | null;
  promotion?: { id: string; number: number } | undefined;
  /** What the lines told of artifacts and versions that was not known. */
  learned?: NewFacts | undefined;
  lines: ResolvedLine[];
}

/**
 * Writes a deployment: a placement for each line that changes what was there at its effective moment, a confirmation
 * for each that does not, and, where it is told late, what that makes of what was told of later moments. Moves the
 * current pointers and appends the event. To be called inside a verb's transaction.
 */
export async function deploy(trx: Database, by: Actor, site: Site, environment: Environment, told: Deployment) {
  const { effectiveAt } = told;
  const before = await statesBefore(trx, environment.id, told);
  const lines = told.complete ? [...told.lines, ...unnamed(before, told.lines, environment)] : told.lines;
  const changed = lines.filter((line) => changes(before.get(line.artifact_id), line));
  const same = lines.filter((line) => !changes(before.get(line.artifact_id), line));
  const row = {
    id: told.id ?? newId(Date.parse(by.at)),
    site_id: site.id,
    number: await nextNumber(trx, site.id, "deployments"),
    environment_id: environment.id,
    effective_at: effectiveAt,
    recorded_at: by.at,
    person_id: by.person.id,
    promotion_id: told.promotion?.id ?? null,
    source: told.source,
    note: told.note,
    complete: told.complete ? (1 as const) : (0 as const),
    changed: changed.length,
    unchanged: same.length,
    out_of_band: changed.filter((line) => line.out_of_band).length,
  };
  await trx.insertInto("deployments").values(row).execute();
  const at = { deployment_id: row.id, environment_id: environment.id, effective_at: effectiveAt, recorded_at: by.at };
  await writeConfirmations(
    trx,
    same.map((line) => ({ ...line, ...at })),
  );
  const { placed, following } = await withSectionCounts(trx, site, idsOf(changed), async () => {
    const placed = await writePlacements(
      trx,
      changed.map((line) => ({ ...line, ...at })),
    );
    await lowerFirstSeen(trx, effectiveAt, changed);
    const consequences = await reconcileAfter(trx, environment, effectiveAt, changed, before);
    return { placed, following: await writeConsequences(trx, consequences, at) };
  });
  await appendEvent(trx, by, site.id, {
    action: "deployment_recorded",
    subject: `deployment ${row.number}`,
    subject_id: row.id,
    environment_id: environment.id,
    details: {
      ...row,
      environment: environment.slug,
      promotion: told.promotion?.number,
      learned: told.learned && nonEmpty(told.learned),
      placements: placed.map(lineEntry),
      confirmations: same.map(lineEntry),
      ...following.details,
    },
  });
  return {
    id: row.id,
    number: row.number,
    changed: row.changed,
    unchanged: row.unchanged,
    out_of_band: row.out_of_band,
  };
}

const idsOf = (lines: ResolvedLine[]): string[] => lines.map((line) => line.artifact_id);

/** What was there just then: of all artifacts for a complete inventory, else of those named. */
async function statesBefore(trx: Database, environmentId: string, { effectiveAt, complete, lines }: Deployment) {
  if (!complete) return statesOf(trx, environmentId, effectiveAt, lines);
  const known = sql<boolean>`a.id in (
    select artifact_id from current_placements where environment_id = ${environmentId})`;
  const rows = await statesAt(trx, environmentId, effectiveAt, known);
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/** What a complete inventory does not name was not there. */
function unnamed(before: Map<string, Artifact & State>, lines: ResolvedLine[], environment: Environment) {
  const named = new Set(lines.map((line) => line.artifact_id));
  const gone = [...before.values()].filter((one) => one.version_id !== null && !named.has(one.artifact_id));
  return gone.map(({ artifact_id, kind, key }): ResolvedLine => ({ artifact_id, kind, key, ...absent(environment) }));
}
