import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import SQLite from "better-sqlite3";
import { Kysely, PostgresDialect, SqliteAdapter } from "kysely";
import type { Schema } from "../schema.ts";
import { PostgresCompiler } from "./query-compilers.ts";
import { DurableSqlite } from "./sqlite/dialect.ts";

export type Database = Kysely<Schema>;

/** Opens `file:data/sitebook.db`, `file::memory:` or `postgres://…`. A ready better-sqlite3 handle may be given for SQLite. */
export function openDatabase(url: string, handle?: SQLite.Database): Database {
  if (/^postgres(ql)?:/.test(url)) return new Kysely<Schema>({ dialect: new Postgres(url) });
  return new Kysely<Schema>({ dialect: new DurableSqlite(handle ?? openFile(url)) });
}

/** Whether it is a file that others can open, too. */
export const isFile = (url: string): boolean => url.startsWith("file:") && fileOf(url) !== ":memory:";

/** Where the file of a `file:…` is. */
export const fileOf = (url: string): string => url.replace(/^file:(\/\/)?/, "");

function openFile(url: string): SQLite.Database {
  const path = fileOf(url);
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  return new SQLite(path);
}

class Postgres extends PostgresDialect {
  /** The driver is loaded only where there is such a database to be reached. */
  constructor(url: string) {
    super({ pool: async () => (await import("./postgres/pool.ts")).createPool(url) });
  }
  override createQueryCompiler() {
    return new PostgresCompiler();
  }
}

export function isPostgres(db: Kysely<never> | Database): boolean {
  return !(db.getExecutor().adapter instanceof SqliteAdapter);
}
