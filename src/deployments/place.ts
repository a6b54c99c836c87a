import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { endOfTime, isEffective, placementSeqAsOf } from "../record/as-of.ts";
import type { Found, Placed, Put } from "./later.ts";

/** Which deployment writes it, where, from when, and when it was told. */
export type At = { deployment_id: string; environment_id: string; effective_at: string; recorded_at: string };

/** What turned placements into repetitions: a deployment told later, or a correction of one. */
type Cause = Pick<At, "deployment_id" | "environment_id" | "recorded_at"> & { correction_id?: string };

export function confirm(trx: Database, lines: Put[], at: At) {
  return keep(
    trx,
    lines.map((line) => ({ ...line, ...at })),
  );
}

/** Answers those that were not there already. */
function keep(trx: Database, said: Found[]) {
  return inBatches(said, (piece) =>
    trx
      .insertInto("confirmations")
      .values(piece.map(({ kind: _kind, key: _key, version: _version, ...row }) => row))
      .onConflict((conflict) => conflict.doNothing())
      .returning(["deployment_id", "artifact_id"])
      .execute(),
  );
}

export const nameOf = (one: { deployment_id: string; artifact_id: string }) =>
  `${one.deployment_id} ${one.artifact_id}`;

/** What these placements said stays as a confirmation, should it prove to be a change once more. Answers the new ones. */
export async function repeat(trx: Database, repeated: Placed[], at: Cause): Promise<Set<string>> {
  const kept = await keep(
    trx,
    repeated.map(({ seq: _seq, ...said }) => said),
  );
  await inBatches(repeated, async (piece) => {
    const rows = piece.map(({ seq }) => ({
      placement_seq: seq,
      deployment_id: at.deployment_id,
      recorded_at: at.recorded_at,
      correction_id: at.correction_id ?? null,
    }));
    await trx.insertInto("repeats").values(rows).execute();
    await pointBack(trx, at.environment_id, piece);
    return [];
  });
  return new Set(kept.map(nameOf));
}

export async function place(trx: Database, found: Found[]): Promise<Placed[]> {
  return inBatches(found, async (piece) => {
    const rows = piece.map(({ kind: _kind, key: _key, version: _version, ...row }) => row);
    const seqs = await trx.insertInto("placements").values(rows).returning(["seq", "artifact_id"]).execute();
    const bySeq = new Map(seqs.map((one) => [one.artifact_id, one.seq]));
    const placed = piece.map((one) => ({ ...one, seq: bySeq.get(one.artifact_id) as number }));
    await point(trx, placed);
    return placed;
  });
}

/** Moves the current pointers, but only forward in (effective_at, seq): what is told late does not undo what came after. */
async function point(trx: Database, placed: Placed[]): Promise<void> {
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

/** Where a pointer stood on a placement that no longer counts, it goes back to the one that does. */
async function pointBack(trx: Database, environmentId: string, repeated: Placed[]): Promise<void> {
  const ids = repeated.map((one) => one.artifact_id);
  const seqs = repeated.map((one) => one.seq);
  await pointAnew(trx, environmentId, ids).where("c.placement_seq", "in", seqs).execute();
}

/** Points at what stands there by the as-of rule; at nothing where nothing that was said of it is right. */
export async function repoint(trx: Database, environmentId: string, artifactIds: string[]): Promise<void> {
  await inBatches(artifactIds, async (ids) => {
    await sql`
      insert into current_placements (environment_id, artifact_id, placement_seq, version_id, out_of_band, effective_at)
      select p.environment_id, p.artifact_id, p.seq, p.version_id, p.out_of_band, p.effective_at
      from artifacts a join placements p on p.seq = ${placementSeqAsOf(environmentId, "a.id", { asOf: endOfTime })}
      where ${inList("a.id", ids)}
      on conflict (environment_id, artifact_id) do nothing`.execute(trx);
    await pointAnew(trx, environmentId, ids).execute();
    await trx
      .deleteFrom("current_placements")
      .where("environment_id", "=", environmentId)
      .where("artifact_id", "in", ids)
      .where(sql<boolean>`not exists (
        select 1 from placements p where p.seq = current_placements.placement_seq and ${isEffective("p")})`)
      .execute();
    return [];
  });
}

function pointAnew(trx: Database, environmentId: string, artifactIds: string[]) {
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
