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
import type { CorrectedDeployment } from "./said.ts";

/** Writes a correction, of which the first row is the root, and what follows from it; answers that as the event tells it. */
export async function applyCorrection(
  trx: Database,
  by: Actor,
  site: Site,
  wrong: CorrectedDeployment,
  rows: [Schema["corrections"], ...Schema["corrections"][]],
) {
  const { environment, effective_at } = wrong;
  const [root] = rows;
  const artifacts = await concerned(trx, site, wrong, root.stands === 1);
  const before = await statesOf(trx, environment.id, effective_at, artifacts);
  await inBatches(rows, async (piece) => {
    await trx.insertInto("corrections").values(piece).execute();
    return [];
  });
  // by a plan that PostgreSQL keeps from when there were few corrections it would compare each with each
  if (isPostgres(trx) && rows.length > 100) await sql`analyze corrections`.execute(trx);
  const { toPlace, redundant } = await reconcileFrom(trx, environment, effective_at, artifacts, before);
  // what they state is kept as of when it was stated, not of when it was known to be a change
  const following = { toPlace, redundant: redundant.map((one) => ({ ...one, recorded_at: one.stated_at })) };
  const ids = artifacts.map((one) => one.artifact_id);
  const cause = {
    deployment_id: wrong.id,
    environment_id: environment.id,
    recorded_at: by.at,
    correction_id: root.id,
  };
  const { placed, details } = await withSectionCounts(
    trx,
    site,
    ids,
    async () => {
      const written = await writeConsequences(trx, following, cause);
      await resetPointers(trx, environment.id, ids);
      return written;
    },
    { mayEmpty: true },
  );
  await resetFirstSeen(trx, [...wrong.lines, ...placed]);
  return details;
}

/** What it named, and, where a complete inventory is right again, what it left out. */
async function concerned(trx: Database, site: Site, wrong: CorrectedDeployment, stands: boolean): Promise<Artifact[]> {
  if (!stands || !wrong.complete) return wrong.lines;
  const there = await placementsAsOf(trx, site.id, wrong.environment.id, { asOf: wrong.effective_at });
  return [...new Map([...wrong.lines, ...there].map((one) => [one.artifact_id, one])).values()];
}
