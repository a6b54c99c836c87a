import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import SQLite from "better-sqlite3";
import { Kysely, PostgresDialect, SqliteAdapter } from "kysely";
import type pg from "pg";
import type { Schema } from "../schema.ts";
import { DurableSqlite } from "./sqlite.ts";

export type Database = Kysely<Schema>;

/** Opens `file:data/sitebook.db`, `file::memory:` or `postgres://…`. A ready better-sqlite3 handle may be given for SQLite. */
export function openDatabase(url: string, handle?: SQLite.Database): Database {
  if (/^postgres(ql)?:/.test(url)) return new Kysely<Schema>({ dialect: postgres(url) });
  return new Kysely<Schema>({ dialect: new DurableSqlite(handle ?? openFile(url)) });
}

/** Where the file of a `file:…` is. */
export const fileOf = (url: string): string => url.replace(/^file:(\/\/)?/, "");

function openFile(url: string): SQLite.Database {
  const path = fileOf(url);
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  return new SQLite(path);
}

const int8 = 20;
const numeric = 1700;

/** The driver is loaded only where there is such a database to be reached. */
function postgres(url: string): PostgresDialect {
  return new PostgresDialect({ pool: async () => poolOf((await import("pg")).default, url) });
}

/** Counts and sums come back as numbers, as they do from SQLite; none here comes near 2^53. */
function poolOf({ Pool, types }: typeof pg, connectionString: string): pg.Pool {
  const getTypeParser = (oid: number, format?: "text" | "binary") =>
    oid === int8 || oid === numeric ? Number : types.getTypeParser(oid, format as "text");
  const pool = new Pool({ connectionString, max: 10, types: { getTypeParser } as never });
  // an idle connection that PostgreSQL closes must not end Sitebook: the next query opens another
  pool.on("error", (error) => console.error(`The database closed a connection: ${error.message}`));
  // nor one that it closes in the middle of a transaction: whoever asks next on it is told
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

export function isPostgres(db: Kysely<never> | Database): boolean {
  return !(db.getExecutor().adapter instanceof SqliteAdapter);
}
