import type SQLite from "better-sqlite3";

/**
 * `synchronous = full`: what was answered with success is on the disk. `recursive_triggers = on`: without it INSERT OR
 * REPLACE would bypass the append-only triggers.
 */
const pragmas = [
  "busy_timeout = 10000",
  "journal_mode = wal",
  "synchronous = full",
  "foreign_keys = on",
  "recursive_triggers = on",
  "trusted_schema = off",
  "temp_store = memory",
  "cache_size = -64000",
];

/** A handle that prepares each statement once: that costs several times as much as running it. */
export interface SqliteConnection {
  raw: SQLite.Database;
  prepare: (sql: string) => SQLite.Statement;
}

export function openConnection(raw: SQLite.Database, morePragmas: string[]): SqliteConnection {
  for (const pragma of [...pragmas, ...morePragmas]) raw.pragma(pragma);
  const statements = new Map<string, SQLite.Statement>();
  const prepare = (sql: string) => {
    let statement = statements.get(sql);
    if (!statement || statement.busy) {
      statement = raw.prepare(sql);
      if (statements.size >= 500) statements.clear();
      statements.set(sql, statement);
    }
    return statement;
  };
  return { raw, prepare };
}
