import { CompiledQuery } from "kysely";
import pg from "pg";
import { inject } from "vitest";
import type { Database } from "../../src/database/connect.ts";

/** The queries that run on this database while `work` runs, except those in transactions. */
export async function capturedQueries(db: Database, work: () => Promise<unknown>): Promise<CompiledQuery[]> {
  const queries: CompiledQuery[] = [];
  const executor = db.getExecutor();
  const executeQuery = executor.executeQuery.bind(executor);
  executor.executeQuery = (query, options) => {
    queries.push(query);
    return executeQuery(query, options) as never;
  };
  await work().finally(() => {
    executor.executeQuery = executeQuery;
  });
  return queries;
}

/** A statement on one line, the same for lists of any length. */
export function planLine({ sql }: CompiledQuery): string {
  return sql
    .replace(/\$\d+/g, "?")
    .replace(/\?(, \?)+/g, "?…")
    .replace(/ in \(select value from json_each\(\+\?\)\)| = any\(\(select \?::\w+\[\]\)::\w+\[\]\)/g, " in (?…)")
    .replaceAll('"', "")
    .replace(/\s+/g, " ")
    .trim();
}

/** The steps of its plan that read a whole table or index, or sort: each as `SCAN artifacts` or `SORT`. */
export const heavySteps = (plan: Plan): string[] => nodes(plan).flatMap(stepOf);

/** The same of its plan by SQLite. */
export async function sqliteSteps(db: Database, { sql, parameters }: CompiledQuery): Promise<string[]> {
  const explain = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await db.executeQuery<{ detail: string }>(explain);
  return rows.flatMap(({ detail }) => {
    const [, how, name = ""] = /^(SCAN|SEARCH) (\S+)/.exec(detail) ?? [];
    if (how) return how === "SCAN" ? [`SCAN ${tableOf(sql, name)}`] : [];
    return /TEMP B-TREE|AUTOMATIC/.test(detail) ? ["SORT"] : [];
  });
}

/** The table of an alias in a statement. */
function tableOf(sql: string, name: string): string {
  const [, table] = new RegExp(`(?:from|join) "?(\\w+)"? (?:as )?"?${name}"?(?![\\w"])`).exec(sql) ?? [];
  return table ?? name;
}

export interface Plan {
  "Node Type": string;
  "Total Cost": number;
  "Relation Name"?: string;
  "Index Cond"?: string;
  "Actual Rows"?: number;
  "Actual Loops"?: number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Plan[];
}

/**
 * Runs queries on PostgreSQL, and returns the plans of each: for its parameters, and for any. From the sixth time on, PostgreSQL
 * uses the second, unless it expects that to cost more than planning again. It scans and hashes short tables. Here it may only
 * use indexes, as it would if they were long.
 */
export async function explainer(db: Database) {
  const { rows } = await db.executeQuery<{ name: string }>(CompiledQuery.raw("select current_database() as name"));
  const client = new pg.Client(inject("postgres").replace("DATABASE", (rows[0] as { name: string }).name));
  await client.connect();
  await client.query("set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off");
  const explain = async ({ sql, parameters }: CompiledQuery): Promise<[Plan, Plan?]> => {
    const values = parameters.length ? `(${parameters.map(literal).join(", ")})` : "";
    const planned = (mode: "custom" | "generic") =>
      `set plan_cache_mode = force_${mode}_plan; explain (format json, analyze, timing off) execute studied${values};`;
    // at once, as each answer of the server is waited for
    const results: unknown = await client.query(
      `prepare studied as ${sql}; ${planned("custom")} ${planned("generic")} deallocate studied`,
    );
    const plans = (results as pg.QueryResult<{ "QUERY PLAN": [{ Plan: Plan }] }>[]).flatMap(({ rows }) => rows);
    const [custom, generic] = plans.map((plan) => plan["QUERY PLAN"][0].Plan) as [Plan, Plan];
    return generic["Total Cost"] > custom["Total Cost"] + planningCost ? [custom] : [custom, generic];
  };
  return { explain, close: () => client.end() };
}

/** At most what PostgreSQL adds to the cost of a plan that has to be made again: 2.5 for each table, and once more. */
const planningCost = 50;

function literal(value: unknown): string {
  if (value === null) return "null";
  return pg.escapeLiteral(
    Array.isArray(value) ? `{${value.map((one) => JSON.stringify(one))}}` : `${value as string | number}`,
  );
}

/** Makes PostgreSQL plan as if the growing tables were a thousand times as long, as they are in an old book. */
export async function pretendLarge(db: Database, growing: string[]): Promise<void> {
  await db.executeQuery(CompiledQuery.raw("analyze"));
  await db.executeQuery(
    CompiledQuery.raw(
      `update pg_class set reltuples = reltuples * 1000 where oid in (
         select unnest(array_prepend(i.indrelid, array_agg(i.indexrelid))) from pg_index i
         where i.indrelid = any($1::regclass[]) group by i.indrelid)`,
      [growing],
    ),
  );
}

function nodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

function stepOf({ "Node Type": type, "Relation Name": table, "Index Cond": condition }: Plan): string[] {
  if (type === "Seq Scan" || (type.startsWith("Index") && !condition)) return [`SCAN ${table}`];
  return type === "Sort" ? ["SORT"] : [];
}

/** How many rows PostgreSQL read for this plan. */
export function visited(plan: Plan): { cost: number; rows: number } {
  const scans = nodes(plan).filter((node) => /^(Seq|Index|Index Only|Bitmap Index) Scan$/.test(node["Node Type"]));
  const counts = scans.map((node) => {
    const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
    return ((node["Actual Rows"] ?? 0) + removed) * (node["Actual Loops"] ?? 1);
  });
  return { cost: counts.reduce((sum, count) => sum + count, 0), rows: plan["Actual Rows"] ?? 0 };
}
