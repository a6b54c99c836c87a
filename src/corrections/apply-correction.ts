import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import { type Database, isPostgres } from "../database/connect.ts";
import { placementsAsOf } from "../record/as-of.ts";
import { writeConsequences } from "../record/consequences.ts";
import { resetFirstSeen } from "../record/first-seen.ts";
import { statesOf } from "../record/load-statements.ts";
import { reconcileFrom } from "../record/reconcile.ts";
import { withSectionCounts } from "../record/section-counts.ts";
import type { Artifact } from "../record/statements.ts";
import { resetPointers } from "../record/write-placements.ts";
import type { Schema } from "../schema.ts";
import type { CorrectedDeployment } from "./corrected-lines.ts";

/**
 * Writes a correction, of which the first row is the root, and what follows from it for later moments. Returns what follows
 * as the event's details keep it.
 */
export async function applyCorrection(
  trx: Database,
  actor: Actor,
  site: Site,
  wrong: CorrectedDeployment,
  rows: [Schema["corrections"], ...Schema["corrections"][]],
) {
  const { environment, effective_at } = wrong;
  const [root] = rows;
  const artifacts = await affectedArtifacts(trx, site, wrong, root.stands === 1);
  const before = await statesOf(trx, environment.id, effective_at, artifacts);
  await inBatches(rows, (batch) => trx.insertInto("corrections").values(batch).execute());
  // with a plan from when there were few corrections, PostgreSQL would compare each with each
  if (isPostgres(trx) && rows.length > 100) await sql`analyze corrections`.execute(trx);
  const { toPlace, redundant } = await reconcileFrom(trx, environment, effective_at, artifacts, before);
  // a confirmation keeps the time when it was recorded, not when its placement turned out to change nothing
  const consequences = {
    toPlace,
    redundant: redundant.map((placement) => ({ ...placement, recorded_at: placement.stated_at })),
  };
  const ids = artifacts.map((artifact) => artifact.artifact_id);
  const cause = {
    deployment_id: wrong.id,
    environment_id: environment.id,
    recorded_at: actor.at,
    correction_id: root.id,
  };
  const { placed, details } = await withSectionCounts(
    trx,
    site,
    ids,
    async () => {
      const written = await writeConsequences(trx, consequences, cause);
      await resetPointers(trx, environment.id, ids);
      return written;
    },
    { mayEmpty: true },
  );
  await resetFirstSeen(trx, [...wrong.lines, ...placed]);
  return details;
}

/** What the deployment listed, and, if a complete list is right again, also what that list left out. */
async function affectedArtifacts(
  trx: Database,
  site: Site,
  wrong: CorrectedDeployment,
  reinstates: boolean,
): Promise<Artifact[]> {
  if (!reinstates || !wrong.complete) return wrong.lines;
  const current = await placementsAsOf(trx, site.id, wrong.environment.id, { asOf: wrong.effective_at });
  return [...new Map([...wrong.lines, ...current].map((artifact) => [artifact.artifact_id, artifact])).values()];
}
