import { inChunks } from "../artifacts/artifacts.ts";
import type { Database } from "../database/open.ts";
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

/** A placement to be written: what, where, from when, and which deployment said so. */
export type Found = Put & { deployment_id: string; environment_id: string; effective_at: string; recorded_at: string };

interface Word {
  artifact_id: string;
  deployment_id: string;
  version_id: string | null;
  version: string | null;
  promotion_id: string | null;
  out_of_band: Flag;
  effective_at: string;
  recorded_at: string;
}

/**
 * People tell things out of order. Where a change at T comes to light after somebody had already confirmed, for a
 * moment after T, what stood there before, that confirmation now proves a change back. The same for a whole inventory
 * that does not name it. Answers those changes, so that the history is the one that telling in order would have made.
 */
export async function returning(
  trx: Database,
  environment: Environment,
  effectiveAt: string,
  changed: Put[],
): Promise<Found[]> {
  if (!changed.length || !(await isLate(trx, environment.id, effectiveAt))) return [];
  const ids = changed.map((line) => line.artifact_id);
  const next = await nextPlacements(trx, environment.id, effectiveAt, ids);
  const confirmed = await firstConfirmations(trx, environment.id, effectiveAt, ids);
  const absent = await absentAfter(trx, environment, effectiveAt, ids);
  return changed.flatMap((line) => {
    const word = earliest(confirmed.get(line.artifact_id), absent.get(line.artifact_id));
    const replaced = next.get(line.artifact_id);
    if (!word || (replaced !== undefined && replaced <= word.effective_at) || word.version_id === line.version_id)
      return [];
    return [{ ...line, ...word, environment_id: environment.id }];
  });
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

async function nextPlacements(
  trx: Database,
  environmentId: string,
  after: string,
  ids: string[],
): Promise<Map<string, string>> {
  const rows = await inChunks(ids, (piece) =>
    trx
      .selectFrom("placements")
      .select((eb) => ["artifact_id", eb.fn.min("effective_at").as("effective_at")])
      .where("environment_id", "=", environmentId)
      .where("artifact_id", "in", piece)
      .where("effective_at", ">", after)
      .groupBy("artifact_id")
      .execute(),
  );
  return new Map(rows.map((row) => [row.artifact_id, row.effective_at]));
}

async function firstConfirmations(
  trx: Database,
  environmentId: string,
  after: string,
  ids: string[],
): Promise<Map<string, Word>> {
  const rows = await inChunks(ids, (piece) =>
    trx
      .selectFrom("confirmations as c")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select([
        "c.artifact_id",
        "c.deployment_id",
        "c.version_id",
        "v.label as version",
        "c.promotion_id",
        "c.out_of_band",
      ])
      .select(["c.effective_at", "c.recorded_at"])
      .where("c.environment_id", "=", environmentId)
      .where("c.artifact_id", "in", piece)
      .where("c.effective_at", ">", after)
      .orderBy("c.effective_at", "desc")
      .execute(),
  );
  return new Map(rows.map((row) => [row.artifact_id, row])); // the earliest comes last, and stays
}

/**
 * Those that the first whole inventory after the moment does not name: they were gone by then. One inventory is
 * enough to ask: what it does name has a confirmation or a placement of its own, no later than itself.
 */
async function absentAfter(
  trx: Database,
  environment: Environment,
  after: string,
  ids: string[],
): Promise<Map<string, Word>> {
  const inventory = await trx
    .selectFrom("deployments")
    .select(["id", "effective_at", "recorded_at"])
    .where("environment_id", "=", environment.id)
    .where("complete", "=", 1)
    .where("effective_at", ">", after)
    .orderBy("effective_at")
    .limit(1)
    .executeTakeFirst();
  if (!inventory) return new Map();
  const placed = await trx
    .selectFrom("placements")
    .select("artifact_id")
    .where("deployment_id", "=", inventory.id)
    .execute();
  const confirmed = await trx
    .selectFrom("confirmations")
    .select("artifact_id")
    .where("deployment_id", "=", inventory.id)
    .execute();
  const named = new Set([...placed, ...confirmed].map((one) => one.artifact_id));
  const { id: deployment_id, effective_at, recorded_at } = inventory;
  const out_of_band: Flag = environment.gate ? 1 : 0;
  const word = {
    deployment_id,
    version_id: null,
    version: null,
    promotion_id: null,
    out_of_band,
    effective_at,
    recorded_at,
  };
  return new Map(ids.filter((id) => !named.has(id)).map((id) => [id, { artifact_id: id, ...word }]));
}

function earliest(a: Word | undefined, b: Word | undefined): Word | undefined {
  if (!a || !b) return a ?? b;
  return b.effective_at < a.effective_at ? b : a;
}
