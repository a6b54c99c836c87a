import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { endOfTime, isEffective, placementSeqAsOf } from "./as-of.ts";
import { type Placement, type Statement, statementKey } from "./statements.ts";

/** The reason why placements are redundant: a deployment that was recorded late, or a correction of a deployment. */
export interface Cause {
  deployment_id: string;
  environment_id: string;
  recorded_at: string;
  correction_id?: string;
}

/** Writes what is not confirmed yet, and returns the keys of what it wrote. */
export function writeConfirmations(trx: Database, statements: Statement[]) {
  return inBatches(statements, (batch) =>
    trx
      .insertInto("confirmations")
      .values(batch.map(rowOf))
      .onConflict((conflict) => conflict.doNothing())
      .returning(["deployment_id", "artifact_id"])
      .execute(),
  );
}

/** Writes statements as placements, at most one for each artifact, and moves the current pointers. */
export async function writePlacements(trx: Database, statements: Statement[]): Promise<Placement[]> {
  return inBatches(statements, async (batch) => {
    const rows = batch.map(rowOf);
    const seqs = await trx.insertInto("placements").values(rows).returning(["seq", "artifact_id"]).execute();
    const seqByArtifact = new Map(seqs.map(({ artifact_id, seq }) => [artifact_id, seq]));
    const placements = batch.map((statement) => ({
      ...statement,
      seq: seqByArtifact.get(statement.artifact_id) as number,
    }));
    await advancePointers(trx, placements);
    return placements;
  });
}

function rowOf({ deployment_id, environment_id, artifact_id, version_id, promotion_id, ...more }: Statement) {
  const { out_of_band, effective_at, recorded_at } = more;
  const row = { deployment_id, environment_id, artifact_id, version_id, promotion_id };
  return { ...row, out_of_band, effective_at, recorded_at };
}

/**
 * These placements no longer count. Their statements stay as confirmations, in case they prove to be changes again. Returns
 * the keys of those that became confirmations now.
 */
export async function markRedundant(trx: Database, redundant: Placement[], cause: Cause): Promise<Set<string>> {
  const confirmed = await writeConfirmations(trx, redundant);
  await inBatches(redundant, async (batch) => {
    const rows = batch.map(({ seq }) => ({
      placement_seq: seq,
      deployment_id: cause.deployment_id,
      recorded_at: cause.recorded_at,
      correction_id: cause.correction_id ?? null,
    }));
    await trx.insertInto("repeats").values(rows).execute();
    await restorePointers(trx, cause.environment_id, batch);
  });
  return new Set(confirmed.map(statementKey));
}

/** Moves the current pointers, but only forward in (effective_at, seq): a late record does not undo later changes. */
async function advancePointers(trx: Database, placed: Placement[]): Promise<void> {
  await trx
    .insertInto("current_placements")
    .values(
      placed.map(({ environment_id, artifact_id, seq, version_id, out_of_band, effective_at }) => ({
        environment_id,
        artifact_id,
        placement_seq: seq,
        version_id,
        out_of_band,
        effective_at,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(["environment_id", "artifact_id"])
        .doUpdateSet((eb) => ({
          placement_seq: eb.ref("excluded.placement_seq"),
          version_id: eb.ref("excluded.version_id"),
          out_of_band: eb.ref("excluded.out_of_band"),
          effective_at: eb.ref("excluded.effective_at"),
        }))
        .where(
          sql<boolean>`(excluded.effective_at, excluded.placement_seq) > (current_placements.effective_at, current_placements.placement_seq)`,
        ),
    )
    .execute();
}

/** Moves the pointers from placements that no longer count back to those that do. */
async function restorePointers(trx: Database, environmentId: string, redundant: Placement[]): Promise<void> {
  const ids = redundant.map((placement) => placement.artifact_id);
  const seqs = redundant.map((placement) => placement.seq);
  await updatePointers(trx, environmentId, ids).where("c.placement_seq", "in", seqs).execute();
}

/** Sets the pointers by the as-of rule, and deletes those of artifacts without a placement that counts. */
export async function resetPointers(trx: Database, environmentId: string, artifactIds: string[]): Promise<void> {
  await inBatches(artifactIds, async (ids) => {
    await sql`
      insert into current_placements (environment_id, artifact_id, placement_seq, version_id, out_of_band, effective_at)
      select p.environment_id, p.artifact_id, p.seq, p.version_id, p.out_of_band, p.effective_at
      from artifacts a join placements p on p.seq = ${placementSeqAsOf(environmentId, "a.id", { asOf: endOfTime })}
      where ${inList("a.id", ids)}
      on conflict (environment_id, artifact_id) do nothing`.execute(trx);
    await updatePointers(trx, environmentId, ids).execute();
    await trx
      .deleteFrom("current_placements")
      .where("environment_id", "=", environmentId)
      .where("artifact_id", "in", ids)
      .where(sql<boolean>`not exists (
        select 1 from placements p where p.seq = current_placements.placement_seq and ${isEffective("p")})`)
      .execute();
  });
}

function updatePointers(trx: Database, environmentId: string, artifactIds: string[]) {
  return trx
    .updateTable("current_placements as c")
    .from("placements as p")
    .set((eb) => ({
      placement_seq: eb.ref("p.seq"),
      version_id: eb.ref("p.version_id"),
      out_of_band: eb.ref("p.out_of_band"),
      effective_at: eb.ref("p.effective_at"),
    }))
    .where("p.seq", "=", placementSeqAsOf(environmentId, "c.artifact_id", { asOf: endOfTime }))
    .where("c.environment_id", "=", environmentId)
    .where("c.artifact_id", "in", artifactIds);
}
