import { type RawBuilder, sql } from "kysely";
import { inChunks } from "../artifacts/artifacts.ts";
import type { Database } from "../database/open.ts";
import { seek } from "../database/seek.ts";
import { counts } from "../environments/as-of.ts";
import type { Environment } from "../environments/queries.ts";
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
    where q.environment_id = ${environmentId} and q.artifact_id = a.id and q.effective_at > ${after} and ${counts("q")}
    order by q.effective_at, q.seq limit 1)`;
  const rows = await inChunks(ids(lines), (piece) =>
    trx
      .selectFrom("artifacts as a")
      .innerJoin("placements as p", (join) => join.on(seek(trx, "p.seq", seq)))
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
      ${promoted ? sql`and q.promotion_id is not null` : sql``}
    order by q.effective_at, q.recorded_at desc, q.deployment_id desc limit 1)`;
  const rows = await inChunks(ids(lines), (piece) =>
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
 * enough to ask: what it does name has a confirmation or a placement of its own, no later than itself.
 */
export async function absentAfter(
  trx: Database,
  environment: Environment,
  after: string,
  lines: Put[],
): Promise<Map<string, Found>> {
  const inventory = await trx
    .selectFrom("deployments")
    .select(["id", "effective_at", "recorded_at"])
    .where("environment_id", "=", environment.id)
    .where("complete", "=", 1)
    .where("effective_at", ">", after)
    .orderBy("effective_at")
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  if (!inventory) return new Map();
  const confirmed = await inChunks(ids(lines), (piece) =>
    trx
      .selectFrom("confirmations")
      .select("artifact_id")
      .where("deployment_id", "=", inventory.id)
      .where("artifact_id", "in", piece)
      .execute(),
  );
  const named = new Set(confirmed.map((one) => one.artifact_id));
  const out_of_band: Flag = environment.gate ? 1 : 0;
  const gone = { version: null, version_id: null, promotion_id: null, out_of_band };
  const { id: deployment_id, ...told } = inventory;
  const said = { ...gone, ...told, deployment_id, environment_id: environment.id };
  const absent = lines.filter((line) => !named.has(line.artifact_id));
  return new Map(absent.map(({ kind, key, artifact_id }) => [artifact_id, { kind, key, artifact_id, ...said }]));
}

function ids(lines: Put[]): string[] {
  return lines.map((line) => line.artifact_id);
}
