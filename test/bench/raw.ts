import SQLite from "better-sqlite3";
import type { CompiledQuery } from "kysely";
import pg from "pg";
import { createApp } from "../../src/app.ts";
import { fileOf } from "../../src/database/connect.ts";
import { openMigrated } from "../../src/database/ready.ts";
import { openConnection } from "../../src/database/sqlite/connection.ts";

/** A request of a browser or a program. */
export interface GetRequest {
  path: string;
  headers: Record<string, string>;
}

/**
 * The statements of a request. Two requests are sent, since the first one fills caches: the statements of `again` are
 * returned.
 */
export async function statementsOf(
  databaseUrl: string,
  first: GetRequest,
  again: GetRequest,
): Promise<CompiledQuery[]> {
  const db = await openMigrated(databaseUrl);
  const app = createApp(db, { baseUrl: "http://localhost" });
  const executor = db.getExecutor();
  const execute = executor.executeQuery.bind(executor);
  const statements: CompiledQuery[] = [];
  executor.executeQuery = (query) => {
    statements.push(query);
    return execute(query);
  };
  for (const { path, headers } of [first, again]) {
    statements.length = 0;
    const { status } = await app.request(path, { headers });
    if (status !== 200) throw new Error(`${path} answered ${status}.`);
  }
  await db.destroy();
  return statements;
}

/** The limit for reading: how often per second the driver alone can run these prepared statements, one after another. */
export function rawQueries(databaseUrl: string, statements: CompiledQuery[], ms: number): Promise<number> {
  return databaseUrl.startsWith("file:")
    ? onSqlite(databaseUrl, statements, ms)
    : onPostgres(databaseUrl, statements, ms);
}

async function onSqlite(url: string, statements: CompiledQuery[], ms: number): Promise<number> {
  const { raw, prepare } = openConnection(new SQLite(fileOf(url)), ["query_only = on"]);
  const rate = await timesPerSecond(ms, async () => {
    for (const { sql, parameters } of statements) prepare(sql).all(parameters);
  });
  raw.close();
  return rate;
}

async function onPostgres(url: string, statements: CompiledQuery[], ms: number): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const rate = await timesPerSecond(ms, async () => {
    for (const [i, { sql, parameters }] of statements.entries())
      await client.query({ name: `q${i}`, text: sql, values: [...parameters] });
  });
  await client.end();
  return rate;
}

async function timesPerSecond(ms: number, work: () => Promise<void>): Promise<number> {
  // PostgreSQL decides on a generic plan at the sixth execution
  for (let i = 0; i < 6; i++) await work();
  let count = 0;
  const began = performance.now();
  for (; performance.now() - began < ms; count++) await work();
  return (count / (performance.now() - began)) * 1000;
}
