import { type RawBuilder, sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import { type Database, isPostgres } from "../database/connect.ts";
import { equalsBySeek, seekAny } from "../database/index-seek.ts";
import type { Schema } from "../schema.ts";
import { isCorrected, isEffective, placementSeqAsOf } from "./as-of.ts";
import {
  type Artifact,
  type ArtifactMoment,
  absent,
  type StatedEnvironment,
  type StoredStatement,
} from "./statements.ts";

/** The state at a moment of those artifacts, `a`, that had one, with their names: one seek each. */
export function statesAt(trx: Database, environmentId: string, asOf: string, among: RawBuilder<boolean>) {
  return trx
    .selectFrom("artifacts as a")
    .innerJoin("placements as p", (join) =>
      join.on(equalsBySeek(trx, "p.seq", placementSeqAsOf(environmentId, "a.id", { asOf }))),
    )
    .select(["a.id as artifact_id", "a.kind", "a.key", "p.version_id", "p.out_of_band"])
    .where(among)
    .execute();
}

/** The states of these artifacts at a moment, by id; of one that was never there, none. */
export async function statesOf(
  trx: Database,
  environmentId: string,
  asOf: string,
  artifacts: Pick<Artifact, "artifact_id">[],
) {
  const ids = artifacts.map((one) => one.artifact_id);
  const rows = await inBatches(ids, (piece) => statesAt(trx, environmentId, asOf, inList("a.id", piece)));
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/**
 * When the next statement after a moment is effective, by artifact; of promotions and changes only where `promoted`.
 * One complete inventory is enough to look for: what it names has a statement no later than that, and what it does not
 * name has one by that.
 */
export async function nextMoments(
  trx: Database,
  { id }: StatedEnvironment,
  after: ArtifactMoment[],
  { promoted = false } = {},
): Promise<Map<string, string>> {
  const next = (table: Table) => {
    const promotedOnly = promoted && table === "confirmations" ? sql`and q.promotion_id is not null` : sql``;
    return sql<string | null>`(
      select q.effective_at from ${sql.table(table)} q
      where q.environment_id = ${id} and q.effective_at > m.at and ${holds[table]} ${promotedOnly}
      order by q.effective_at limit 1)`;
  };
  const rows = await inBatches(after, (piece) =>
    trx
      .selectFrom(listed(trx, piece))
      .select("m.artifact_id")
      .select([next("placements").as("placed"), next("confirmations").as("confirmed")])
      .select((promoted ? sql<null>`null` : next("deployments")).as("inventory"))
      .execute(),
  );
  return new Map(
    rows.flatMap(({ artifact_id, placed, confirmed, inventory }): [string, string][] => {
      const [first] = [placed, confirmed, inventory].filter((at) => at !== null).sort();
      return first === undefined ? [] : [[artifact_id, first]];
    }),
  );
}

/** The statements for one moment of each artifact, in no order. */
export async function statementsAt(
  trx: Database,
  environment: StatedEnvironment,
  moments: (Artifact & ArtifactMoment)[],
): Promise<Map<string, StoredStatement[]>> {
  const found = await inBatches(moments, async (piece) => {
    const artifacts = new Map(piece.map(({ artifact_id, kind, key }) => [artifact_id, { artifact_id, kind, key }]));
    const statements = new Map<string, StoredStatement>();
    const add = (row: Unnamed): StoredStatement => {
      const name = `${row.deployment_id} ${row.artifact_id}`;
      const known = statements.get(name);
      if (known) return known;
      const artifact = artifacts.get(row.artifact_id) as Artifact;
      const statement = { ...row, ...artifact, environment_id: environment.id, placements: [] };
      statements.set(name, statement);
      return statement;
    };
    for (const { seq, placed_at, ...row } of await placed(trx, environment.id, piece))
      add(row).placements.push({ seq, recorded_at: placed_at });
    for (const row of await confirmed(trx, environment.id, piece)) add(row);
    for (const row of await inventories(trx, environment.id, piece)) add({ ...row, ...absent(environment) });
    return [...statements.values()];
  });
  return Map.groupBy(found, (one) => one.artifact_id);
}

type Unnamed = Omit<StoredStatement, "kind" | "key" | "environment_id" | "placements">;

function placed(trx: Database, environmentId: string, moments: ArtifactMoment[]) {
  return stated(trx, "placements", moments)
    .select([sql<number>`s.seq`.as("seq"), "s.recorded_at as placed_at"])
    .where(seekAny(trx, "s.seq", keysAt("seq", "placements", environmentId)))
    .execute();
}

function confirmed(trx: Database, environmentId: string, moments: ArtifactMoment[]) {
  return stated(trx, "confirmations", moments)
    .whereRef("s.artifact_id", "=", "m.artifact_id")
    .where(seekAny(trx, "s.deployment_id", keysAt("deployment_id", "confirmations", environmentId)))
    .execute();
}

function inventories(trx: Database, environmentId: string, moments: ArtifactMoment[]) {
  return trx
    .selectFrom(listed(trx, moments))
    .crossJoin("deployments as d")
    .select(["m.artifact_id", "d.id as deployment_id", "d.number", "d.effective_at", "d.recorded_at"])
    .where(seekAny(trx, "d.id", keysAt("id", "deployments", environmentId)))
    .execute();
}

function keysAt(key: string, table: Table, environmentId: string) {
  return sql`(
    select ${sql.ref(`q.${key}`)} from ${sql.table(table)} q
    where q.environment_id = ${environmentId} and q.effective_at = m.at and ${holds[table]})`;
}

function stated(trx: Database, table: "placements" | "confirmations", moments: ArtifactMoment[]) {
  return (
    trx
      .selectFrom(listed(trx, moments))
      // "cross" keeps SQLite from walking through all that was ever stated
      .crossJoin(sql<Schema["confirmations"]>`${sql.table(table)}`.as("s"))
      .innerJoin("deployments as d", "d.id", "s.deployment_id")
      .leftJoin("versions as v", "v.id", "s.version_id")
      .select(["m.artifact_id", "s.version_id", "v.label as version", "s.promotion_id", "s.out_of_band"])
      .select(["s.deployment_id", "d.number", "s.effective_at", "d.recorded_at"])
  );
}

/** The moments as a table, `m`, from parameters whose number does not depend on theirs: the statement stays the same. */
function listed(trx: Database, moments: ArtifactMoment[]) {
  const [ids, ats] = [moments.map((one) => one.artifact_id), moments.map((one) => one.at)];
  const pairs = isPostgres(trx)
    ? sql`select id as artifact_id, at from unnest(${ids}::text[], ${ats}::text[]) as pairs (id, at)`
    : sql`select key as artifact_id, value as at from json_each(${jsonOf(moments)})`;
  return sql<ArtifactMoment>`(${pairs})`.as("m");
}

const jsonOf = (moments: ArtifactMoment[]): string =>
  `{${moments.map(({ artifact_id, at }) => `${JSON.stringify(artifact_id)}:${JSON.stringify(at)}`).join()}}`;

const hasCorrection = (inWhat: RawBuilder<unknown>) => sql`exists (
  select 1 from corrections cl where cl.corrected_id = q.id and ${inWhat} and cl.stands = 0
    and not exists (select 1 from corrections cm where cm.correction_id = cl.id))`;

/** Whether a row, `q`, states something of the artifact of `m`: a complete inventory, what it does of those that it does not name. */
const holds = {
  placements: sql`q.artifact_id = m.artifact_id and ${isEffective("q")}`,
  confirmations: sql`q.artifact_id = m.artifact_id and not ${isCorrected("q")}`,
  deployments: sql`q.complete = 1 and not ${hasCorrection(sql`cl.artifact_id is null`)}
    and not ${hasCorrection(sql`cl.artifact_id = m.artifact_id`)}`,
};
type Table = keyof typeof holds;
