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
  statementKey,
} from "./statements.ts";

/** The states at a moment of the artifacts `a` that match and had a state. One seek for each. */
export function statesAt(trx: Database, environmentId: string, asOf: string, condition: RawBuilder<boolean>) {
  return trx
    .selectFrom("artifacts as a")
    .innerJoin("placements as p", (join) =>
      join.on(equalsBySeek(trx, "p.seq", placementSeqAsOf(environmentId, "a.id", { asOf }))),
    )
    .select(["a.id as artifact_id", "a.kind", "a.key", "p.version_id", "p.out_of_band"])
    .where(condition)
    .execute();
}

/** The states of these artifacts at a moment, by id, without those that were never there. */
export async function statesOf(
  trx: Database,
  environmentId: string,
  asOf: string,
  artifacts: Pick<Artifact, "artifact_id">[],
) {
  const ids = artifacts.map((artifact) => artifact.artifact_id);
  const rows = await inBatches(ids, (batch) => statesAt(trx, environmentId, asOf, inList("a.id", batch)));
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/**
 * The moment of the next statement after each of these, by artifact; with `promoted`, only of changes and promotions.
 * The next complete inventory is enough, whatever it lists: an artifact in it has a statement no later than that, and for any
 * other artifact the inventory itself is a statement.
 */
export async function nextMoments(
  trx: Database,
  { id }: StatedEnvironment,
  moments: ArtifactMoment[],
  { promoted = false } = {},
): Promise<Map<string, string>> {
  const next = (table: Table) => {
    const promotedOnly = promoted && table === "confirmations" ? sql`and q.promotion_id is not null` : sql``;
    return sql<string | null>`(
      select q.effective_at from ${sql.table(table)} q
      where q.environment_id = ${id} and q.effective_at > m.at and ${statesSomething[table]} ${promotedOnly}
      order by q.effective_at limit 1)`;
  };
  const rows = await inBatches(moments, (batch) =>
    trx
      .selectFrom(momentsTable(trx, batch))
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

/** The statements for one moment of each artifact, by artifact id, in no particular order. */
export async function statementsAt(
  trx: Database,
  environment: StatedEnvironment,
  moments: (Artifact & ArtifactMoment)[],
): Promise<Map<string, StoredStatement[]>> {
  const loaded = await inBatches(moments, async (batch) => {
    const artifacts = new Map(batch.map(({ artifact_id, kind, key }) => [artifact_id, { artifact_id, kind, key }]));
    const statements = new Map<string, StoredStatement>();
    const add = (row: StatementRow): StoredStatement => {
      const key = statementKey(row);
      const existing = statements.get(key);
      if (existing) return existing;
      const artifact = artifacts.get(row.artifact_id) as Artifact;
      const statement = { ...row, ...artifact, environment_id: environment.id, placements: [] };
      statements.set(key, statement);
      return statement;
    };
    for (const { seq, placed_at, ...row } of await placed(trx, environment.id, batch))
      add(row).placements.push({ seq, recorded_at: placed_at });
    for (const row of await confirmed(trx, environment.id, batch)) add(row);
    for (const { baseline, ...row } of await inventories(trx, environment.id, batch))
      add({ ...row, ...absent(environment, baseline === 1) });
    return [...statements.values()];
  });
  return Map.groupBy(loaded, (statement) => statement.artifact_id);
}

type StatementRow = Omit<StoredStatement, "kind" | "key" | "environment_id" | "placements">;

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
    .selectFrom(momentsTable(trx, moments))
    .crossJoin("deployments as d")
    .select(["m.artifact_id", "d.id as deployment_id", "d.number", "d.effective_at", "d.recorded_at", "d.baseline"])
    .where(seekAny(trx, "d.id", keysAt("id", "deployments", environmentId)))
    .execute();
}

function keysAt(key: string, table: Table, environmentId: string) {
  return sql`(
    select ${sql.ref(`q.${key}`)} from ${sql.table(table)} q
    where q.environment_id = ${environmentId} and q.effective_at = m.at and ${statesSomething[table]})`;
}

function stated(trx: Database, table: "placements" | "confirmations", moments: ArtifactMoment[]) {
  return (
    trx
      .selectFrom(momentsTable(trx, moments))
      // "cross" keeps SQLite from scanning all statements
      .crossJoin(sql<Schema["confirmations"]>`${sql.table(table)}`.as("s"))
      .innerJoin("deployments as d", "d.id", "s.deployment_id")
      .leftJoin("versions as v", "v.id", "s.version_id")
      .select(["m.artifact_id", "s.version_id", "v.label as version", "s.promotion_id", "s.out_of_band"])
      .select(["s.deployment_id", "d.number", "s.effective_at", "d.recorded_at"])
  );
}

/** The moments as a table, `m`. The number of parameters does not depend on them, so that the prepared statement can be reused. */
function momentsTable(trx: Database, moments: ArtifactMoment[]) {
  const [ids, ats] = [moments.map((moment) => moment.artifact_id), moments.map((moment) => moment.at)];
  const pairs = isPostgres(trx)
    ? sql`select id as artifact_id, at from unnest(${ids}::text[], ${ats}::text[]) as pairs (id, at)`
    : sql`select key as artifact_id, value as at from json_each(${jsonOf(moments)})`;
  return sql<ArtifactMoment>`(${pairs})`.as("m");
}

const jsonOf = (moments: ArtifactMoment[]): string =>
  `{${moments.map(({ artifact_id, at }) => `${JSON.stringify(artifact_id)}:${JSON.stringify(at)}`).join()}}`;

const hasCorrection = (target: RawBuilder<unknown>) => sql`exists (
  select 1 from corrections cl where cl.corrected_id = q.id and ${target} and cl.stands = 0
    and not exists (select 1 from corrections cm where cm.correction_id = cl.id))`;

/** Whether a row `q` states something of the artifact of `m`. A complete inventory also states that the others were not there. */
const statesSomething = {
  placements: sql`q.artifact_id = m.artifact_id and ${isEffective("q")}`,
  confirmations: sql`q.artifact_id = m.artifact_id and not ${isCorrected("q")}`,
  deployments: sql`q.complete = 1 and not ${hasCorrection(sql`cl.artifact_id is null`)}
    and not ${hasCorrection(sql`cl.artifact_id = m.artifact_id`)}`,
};
type Table = keyof typeof statesSomething;
