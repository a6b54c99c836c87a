import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import SQLite from "better-sqlite3";
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from "kysely";
import pg from "pg";
import type { Schema } from "../schema.ts";

export type Database = Kysely<Schema>;

/** Opens `file:data/sitebook.db`, `file::memory:` or `postgres://…`. A ready better-sqlite3 handle may be given for SQLite. */
export function openDatabase(url: string, handle?: SQLite.Database): Database {
  if (/^postgres(ql)?:/.test(url)) return new Kysely<Schema>({ dialect: postgres(url) });
  return new Kysely<Schema>({ dialect: new DurableSqlite({ database: cachingStatements(handle ?? openFile(url)) }) });
}

function openFile(url: string): SQLite.Database {
  const path = url.replace(/^file:(\/\/)?/, "");
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  return new SQLite(path);
}

/** WAL with full synchronisation: what was answered with success is on the disk. `recursive_triggers` closes the door that INSERT OR REPLACE opens past append-only triggers. */
const pragmas = [
  "journal_mode = wal",
  "synchronous = full",
  "busy_timeout = 10000",
  "foreign_keys = on",
  "recursive_triggers = on",
  "trusted_schema = off",
  "cache_size = -64000",
];

/** Kysely prepares a statement on every call; keeping it is more than three times as fast. */
function cachingStatements(handle: SQLite.Database): SqliteDialectConfig["database"] {
  for (const pragma of pragmas) handle.pragma(pragma);
  const kept = new Map<string, SQLite.Statement>();
  const prepare = (sql: string) => {
    let statement = kept.get(sql);
    if (!statement || statement.busy) {
      statement = handle.prepare(sql);
      if (kept.size >= 500) kept.clear();
      kept.set(sql, statement);
    }
    return statement;
  };
  return { prepare, close: () => handle.close() } as never;
}

/** Takes the write lock at the start: a transaction that reads before it writes would else fail when another process writes between. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

class TransactionalDdl extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class DurableSqlite extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }
  override createDriver() {
    return new ImmediateDriver(this.#config);
  }
  override createAdapter() {
    return new TransactionalDdl();
  }
}

const int8 = 20;
const numeric = 1700;

/** Counts and sums come back as numbers, as they do from SQLite; none here comes near 2^53. */
function postgres(url: string): PostgresDialect {
  const types = {
    getTypeParser: (oid: number, format?: "text" | "binary") =>
      oid === int8 || oid === numeric ? Number : pg.types.getTypeParser(oid, format as "text"),
  };
  const pool = new pg.Pool({ connectionString: url, max: 10, types: types as never });
  // an idle connection that PostgreSQL closes must not end Sitebook: the next query opens another
  pool.on("error", (error) => console.error(`The database closed a connection: ${error.message}`));
  return new PostgresDialect({ pool });
}

export function isPostgres(db: Kysely<never> | Database): boolean {
  return !(db.getExecutor().adapter instanceof SqliteAdapter);
}
