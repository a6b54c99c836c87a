import { sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import type { Database } from "../database/connect.ts";
import { type Found, gone, isWhollyWrong, type Placed } from "../deployments/later.ts";
import type { State } from "../deployments/settle.ts";
import { isCorrected, isNotRedundant, placementSeqAsOf } from "../record/as-of.ts";
import type { Schema } from "../schema.ts";
import { settled, type Word } from "./rules.ts";

/** Artifacts whose words are held in memory at a time. */
const piece = 50;

type Said = Found & Word;

/**
 * Weighs all that was said of these artifacts from a moment on anew, right words only. Answers what must be placed,
 * in rounds (one of an artifact in each), and which placements have become repetitions.
 */
export async function weigh(trx: Database, environment: Environment, from: string, artifactIds: string[]) {
  const inventories = await inventoriesSince(trx, environment.id, from);
  const returned: Found[][] = [];
  const repeated: Placed[] = [];
  for (let i = 0; i < artifactIds.length; i += piece) {
    const ids = artifactIds.slice(i, i + piece);
    const before = await standingBefore(trx, environment.id, from, ids);
    for (const [id, words] of await wordsSince(trx, environment, from, ids, inventories)) {
      const anew = settled(before.get(id), words);
      anew.returned.forEach((word, round) => {
        returned[round] ??= [];
        returned[round].push(found(word));
      });
      repeated.push(...anew.repeated.map(([word, seq]) => ({ ...found(word), seq })));
    }
  }
  return { returned, repeated };
}

function found({ number: _number, wrong: _wrong, seqs: _seqs, ...word }: Said): Found {
  return word;
}

async function standingBefore(trx: Database, environmentId: string, from: string, ids: string[]) {
  const asOf = new Date(Date.parse(from) - 1).toISOString();
  const rows = await trx
    .selectFrom("artifacts as a")
    .innerJoin("placements as p", (join) => join.on("p.seq", "=", placementSeqAsOf(environmentId, "a.id", { asOf })))
    .select(["a.id", "p.version_id", "p.out_of_band"])
    .where("a.id", "in", ids)
    .execute();
  return new Map(rows.map(({ id, ...state }): [string, State] => [id, state]));
}

function inventoriesSince(trx: Database, environmentId: string, from: string) {
  return trx
    .selectFrom("deployments as d")
    .select(["d.id as deployment_id", "d.number", "d.effective_at", "d.recorded_at"])
    .where("d.environment_id", "=", environmentId)
    .where("d.complete", "=", 1)
    .where("d.effective_at", ">=", from)
    .where(sql<boolean>`not ${isWhollyWrong("d.id")}`)
    .execute();
}

/** By artifact, each deployment's word once: named as a placement, as a confirmation or as both, or left out of a whole inventory. */
async function wordsSince(
  trx: Database,
  environment: Environment,
  from: string,
  ids: string[],
  inventories: Awaited<ReturnType<typeof inventoriesSince>>,
): Promise<Map<string, Said[]>> {
  const named = await trx.selectFrom("artifacts").select(["id", "kind", "key"]).where("id", "in", ids).execute();
  const words = new Map(ids.map((id) => [id, new Map<string, Said>()]));
  for (const { seq, counting, wrong, ...said } of await saidSince(trx, environment.id, from, ids)) {
    const of = words.get(said.artifact_id);
    const word = of?.get(said.deployment_id) ?? { ...said, wrong: wrong === 1, seqs: [] };
    if (seq !== null && counting) word.seqs.push(seq);
    of?.set(said.deployment_id, word);
  }
  for (const { id, kind, key } of named) {
    const of = words.get(id);
    const absent = { artifact_id: id, kind, key, environment_id: environment.id, ...gone(environment) };
    for (const one of inventories)
      if (!of?.has(one.deployment_id)) of?.set(one.deployment_id, { ...absent, ...one, wrong: false, seqs: [] });
  }
  return new Map([...words].map(([id, of]) => [id, [...of.values()]]));
}

async function saidSince(trx: Database, environmentId: string, from: string, ids: string[]) {
  const said = (table: "placements" | "confirmations") =>
    trx
      .selectFrom(sql<Schema["confirmations"]>`${sql.table(table)}`.as("s"))
      .innerJoin("artifacts as a", "a.id", "s.artifact_id")
      .innerJoin("deployments as d", "d.id", "s.deployment_id")
      .leftJoin("versions as v", "v.id", "s.version_id")
      .select(["a.kind", "a.key", "v.label as version", "s.artifact_id", "s.version_id", "s.promotion_id"])
      .select(["s.out_of_band", "s.deployment_id", "s.environment_id", "s.effective_at", "d.recorded_at", "d.number"])
      .select(sql<number>`case when ${isCorrected("s")} then 1 else 0 end`.as("wrong"))
      .where("s.environment_id", "=", environmentId)
      .where("s.effective_at", ">=", from)
      .where("s.artifact_id", "in", ids);
  const placed = await said("placements")
    .select(sql<number>`s.seq`.as("seq"))
    .select(sql<number>`case when ${isNotRedundant("s")} then 1 else 0 end`.as("counting"))
    .execute();
  const confirmed = await said("confirmations").execute();
  return [...placed, ...confirmed.map((one) => ({ ...one, seq: null, counting: 0 }))];
}
