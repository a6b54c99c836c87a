import { sql } from "kysely";
import { type Database, isPostgres } from "../../src/database/connect.ts";

/** Every row of every table that the database itself lists, in an order of their own: what one would compare by hand. */
export async function everything(db: Database): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of await tables(db)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db);
    all[table] = rows.map(written).sort();
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

/** What the database says of its tables: indexes, constraints, triggers. */
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

/** Without what PostgreSQL makes of `words` by itself, and the moment at which a migration was carried out. */
function written({ found: _found, timestamp: _timestamp, ...row }: Record<string, unknown>): string {
  return JSON.stringify(row, Object.keys(row).sort());
}
