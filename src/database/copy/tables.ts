import SQLite from "better-sqlite3";
import { openDatabase } from "../connect.ts";
import { migrate } from "../migrate.ts";

export interface Table {
  name: string;
  columns: string[];
  /** The name of its primary key, if that is one integer: PostgreSQL may number this column itself. */
  integerKey: string | null;
}

/**
 * Every table of the book, read from an empty book in memory, so that none is forgotten and other tables in the same
 * database are left out. The search index, which each engine derives by itself, is not among them.
 */
export async function bookTables(): Promise<Table[]> {
  const handle = new SQLite(":memory:");
  const db = openDatabase("file::memory:", handle);
  try {
    await migrate(db);
    const rows = handle.prepare<[], Table & { columns: string }>(selectTables).all();
    return rows.map((row) => ({ ...row, columns: JSON.parse(row.columns) as string[] }));
  } finally {
    await db.destroy();
  }
}

const selectTables = `
  select t.name, json_group_array(c.name) as columns, max(iif(c.pk and c.type = 'INTEGER', c.name, null)) as integerKey
  from pragma_table_list t, pragma_table_info(t.name) c
  where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'kysely%'
  group by t.name`;
