import type SQLite from "better-sqlite3";

/**
 * With full synchronisation what was answered with success is on the disk. `recursive_triggers` closes the door that
 * INSERT OR REPLACE opens past append-only triggers.
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

/** A handle whose statements are prepared once: that costs several times what running them does. */
export interface SqliteConnection {
  raw: SQLite.Database;
  prepare: (sql: string) => SQLite.Statement;
}

export function openConnection(raw: SQLite.Database, more: string[]): SqliteConnection {
  for (const pragma of [...pragmas, ...more]) raw.pragma(pragma);
  const kept = new Map<string, SQLite.Statement>();
  const prepare = (sql: string) => {
    let statement = kept.get(sql);
    if (!statement || statement.busy) {
      statement = raw.prepare(sql);
      if (kept.size >= 500) kept.clear();
      kept.set(sql, statement);
    }
    return statement;
  };
  return { raw, prepare };
}
