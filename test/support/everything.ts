import { sql } from "kysely";
import { type Database, isPostgres } from "../../src/database/connect.ts";

/** Every row of every table of the database, as sorted JSON, to be compared. */
export async function everything(db: Database): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of await tables(db)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db);
    all[table] = rows.map(serialize).sort();
  }
  return all;
}

async function tables(db: Database): Promise<string[]> {
  const list = isPostgres(db)
    ? sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public' order by 1`
    : sql<{ name: string }>`
        select name from pragma_table_list
        where schema = 'main' and type = 'table' and name not like 'sqlite%' order by 1`;
  return (await list.execute(db)).rows.map((row) => row.name);
}

/** The definitions of its indexes, constraints and triggers. */
export async function schemaOf(db: Database): Promise<unknown[]> {
  const list = isPostgres(db)
    ? sql`
        select indexdef as one from pg_indexes where schemaname = 'public'
        union all
        select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
        union all
        select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        order by 1`
    : sql`select type, name, tbl_name, sql from sqlite_master order by type, name`;
  return (await list.execute(db)).rows;
}

/** Without the column that PostgreSQL generates from `words`, and the time of a migration. */
function serialize({ found: _found, timestamp: _timestamp, ...row }: Record<string, unknown>): string {
  return JSON.stringify(row, Object.keys(row).sort());
}
