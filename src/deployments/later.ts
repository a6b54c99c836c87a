import { type RawBuilder, sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import { isCorrected, isEffective } from "../record/as-of.ts";
import type { Flag, Kind } from "../schema.ts";

/** What one line of a deployment says, all names resolved. */
export interface Put {
  kind: Kind;
  key: string;
  version: string | null;
  artifact_id: string;
  version_id: string | null;
  promotion_id: string | null;
  out_of_band: Flag;
}

/** What was said of an artifact: what, where, from when, and in which deployment. */
export type Found = Put & { deployment_id: string; environment_id: string; effective_at: string; recorded_at: string };
export type Placed = Found & { seq: number };

/** The next placement of each after the moment that counts: one seek each. */
export async function placedAfter(
  trx: Database,
  environmentId: string,
  after: string,
  lines: Put[],
): Promise<Map<string, Placed>> {
  const seq = sql<number>`(
    select q.seq from placements q
    where q.environment_id = ${environmentId} and q.artifact_id = a.id and q.effective_at > ${after} and ${isEffective("q")}
    order by q.effective_at, q.seq limit 1)`;
  const rows = await inBatches(ids(lines), (piece) =>
    trx
      .selectFrom("artifacts as a")
      .innerJoin("placements as p", (join) => join.on(equalsBySeek(trx, "p.seq", seq)))
      .leftJoin("versions as v", "v.id", "p.version_id")
      .select(["p.seq", "p.artifact_id", "p.version_id", "v.label as version", "p.promotion_id", "p.out_of_band"])
      .select(["a.kind", "a.key", "p.deployment_id", "p.environment_id", "p.effective_at", "p.recorded_at"])
      .where("a.id", "in", piece)
      .execute(),
  );
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/** The next confirmation of each after the moment, or the next that names a promotion. Of two for one moment the later told. */
export async function confirmedAfter(
  trx: Database,
  environmentId: string,
  after: string,
  lines: Put[],
  promoted = false,
): Promise<Map<string, Found>> {
  const deployment: RawBuilder<string> = sql`(
    select q.deployment_id from confirmations q
    where q.environment_id = ${environmentId} and q.artifact_id = a.id and q.effective_at > ${after}
      ${promoted ? sql`and q.promotion_id is not null` : sql``} and not ${isCorrected("q")}
    order by q.effective_at, q.recorded_at desc, q.deployment_id desc limit 1)`;
  const rows = await inBatches(ids(lines), (piece) =>
    trx
      .selectFrom("artifacts as a")
      .innerJoin("confirmations as c", (join) =>
        join.onRef("c.artifact_id", "=", "a.id").on("c.deployment_id", "=", deployment),
      )
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["c.artifact_id", "c.version_id", "v.label as version", "c.promotion_id", "c.out_of_band"])
      .select(["a.kind", "a.key", "c.deployment_id", "c.environment_id", "c.effective_at", "c.recorded_at"])
      .where("a.id", "in", piece)
      .execute(),
  );
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/**
 * Those that the first whole inventory after the moment does not name: they were gone by then. One inventory is
 * enough to ask: what it does name has a confirmation or a placement of its own, no later than itself. One that was
 * wrong, in this or as a whole, says nothing.
 */
export async function absentAfter(
  trx: Database,
  environment: Environment,
  after: string,
  lines: Put[],
): Promise<Map<string, Found>> {
  const inventory = sql<string>`(
    select q.id from deployments q
    where q.environment_id = ${environment.id} and q.complete = 1 and q.effective_at > ${after}
      and not ${isWhollyWrong("q.id")}
      and not exists (select 1 from corrections cl where cl.corrected_id = q.id and cl.artifact_id = a.id and cl.stands = 0
        and not exists (select 1 from corrections cm where cm.correction_id = cl.id))
    order by q.effective_at, q.number desc limit 1)`;
  const rows = await inBatches(ids(lines), (piece) =>
    trx
      .selectFrom("artifacts as a")
      .innerJoin("deployments as d", (join) => join.on("d.id", "=", inventory))
      .select(["a.id as artifact_id", "a.kind", "a.key", "d.id as deployment_id", "d.effective_at", "d.recorded_at"])
      .where("a.id", "in", piece)
      .where(
        sql<boolean>`not exists (select 1 from confirmations c where c.deployment_id = d.id and c.artifact_id = a.id)`,
      )
      .execute(),
  );
  return new Map(
    rows.map((row) => [row.artifact_id, { ...row, ...gone(environment), environment_id: environment.id }]),
  );
}

/** What a whole inventory says of what it does not name. */
export function gone(environment: Environment) {
  const out_of_band: Flag = environment.gate ? 1 : 0;
  return { version: null, version_id: null, promotion_id: null, out_of_band };
}

/** Whether the deployment of this id was corrected as a whole, so that what it leaves out says nothing either. */
export function isWhollyWrong(deployment: string) {
  return sql<boolean>`exists (
    select 1 from corrections cw
    where cw.corrected_id = ${sql.ref(deployment)} and cw.artifact_id is null and cw.stands = 0
      and not exists (select 1 from corrections cx where cx.correction_id = cw.id))`;
}

function ids(lines: Put[]): string[] {
  return lines.map((line) => line.artifact_id);
}
