import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import SQLite from "better-sqlite3";
import { Kysely, SqliteAdapter } from "kysely";
import type { Schema } from "../schema.ts";
import { Postgres } from "./postgres/dialect.ts";
import { DurableSqlite } from "./sqlite/dialect.ts";

export type Database = Kysely<Schema>;

/** Opens `file:data/sitebook.db`, `file::memory:` or `postgres://…`. For SQLite an open handle can be passed. */
export function openDatabase(url: string, handle?: SQLite.Database): Database {
  if (/^postgres(ql)?:/.test(url)) return new Kysely<Schema>({ dialect: new Postgres(url) });
  return new Kysely<Schema>({ dialect: new DurableSqlite(handle ?? openFile(url)) });
}

/** Whether the URL names a file, which other processes can open too. */
export const isFile = (url: string): boolean => url.startsWith("file:") && fileOf(url) !== ":memory:";

/** The path in a `file:…` URL. */
export const fileOf = (url: string): string => url.replace(/^file:(\/\/)?/, "");

function openFile(url: string): SQLite.Database {
  const path = fileOf(url);
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  return new SQLite(path);
}

export function isPostgres(db: Kysely<never> | Database): boolean {
  return !(db.getExecutor().adapter instanceof SqliteAdapter);
}
