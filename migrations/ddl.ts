import { type Kysely, SqliteAdapter, sql } from "kysely";

/**
 * Runs statements written once for both engines. SQLite tables become STRICT. On PostgreSQL text sorts bytewise
 * as on SQLite (keyset paging compares keys in SQL and in code), and `serial` is an identity column. SQLite's integers
 * are `bigint` ones.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function ddl(db: Kysely<any>, statements: string): Promise<void> {
  const sqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  for (const statement of statements.split(/;\s*\n/).map((one) => one.trim())) {
    if (statement) await sql.raw(sqlite ? forSqlite(statement) : forPostgres(statement)).execute(db);
  }
}

function forSqlite(statement: string): string {
  const typed = statement.replace(/\b(serial|bigint)\b/g, "integer").replace(/\binstant\b/g, "text");
  return typed.startsWith("create table") ? `${typed} strict` : typed;
}

function forPostgres(statement: string): string {
  return statement
    .replace(/\bserial\b/g, "bigint generated always as identity")
    .replace(/\b(text|instant)\b/g, 'text collate "C"');
}

/** The database itself refuses to change or remove a row of these tables. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export async function appendOnly(db: Kysely<any>, tables: string[]): Promise<void> {
  const sqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  if (!sqlite) await sql.raw(refusal).execute(db);
  for (const table of tables) {
    for (const statement of sqlite ? sqliteGuards(table) : postgresGuards(table)) await sql.raw(statement).execute(db);
  }
}

function sqliteGuards(table: string): string[] {
  return ["update", "delete"].map(
    (deed) =>
      `create trigger ${table}_refuse_${deed} before ${deed} on ${table} begin select raise(abort, '${table} is append-only'); end`,
  );
}

const refusal = `create or replace function refuse_change() returns trigger language plpgsql as
  $$ begin raise exception '% is append-only', tg_table_name; end $$`;

function postgresGuards(table: string): string[] {
  return [
    `create trigger ${table}_refuse_change before update or delete on ${table} for each row execute function refuse_change()`,
    `create trigger ${table}_refuse_truncate before truncate on ${table} for each statement execute function refuse_change()`,
  ];
}
