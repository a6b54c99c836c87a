import SQLite from "better-sqlite3";
import { openDatabase } from "../connect.ts";
import { migrate } from "../migrate.ts";

export interface Table {
  name: string;
  columns: string[];
  /** The whole number that is its key, if it has one: PostgreSQL may give these numbers itself. */
  number: string | null;
}

/**
 * Every table of the book, read from an empty one made in memory, so that none is forgotten and nothing else that is in
 * a database is taken for a part of it. What an engine derives by itself, the index of the search, is not among them.
 */
export async function bookTables(): Promise<Table[]> {
  const handle = new SQLite(":memory:");
  const db = openDatabase("file::memory:", handle);
  try {
    await migrate(db);
    const rows = handle.prepare<[], Table & { columns: string }>(list).all();
    return rows.map((row) => ({ ...row, columns: JSON.parse(row.columns) as string[] }));
  } finally {
    await db.destroy();
  }
}

const list = `
  select t.name, json_group_array(c.name) as columns, max(iif(c.pk and c.type = 'INTEGER', c.name, null)) as number
  from pragma_table_list t, pragma_table_info(t.name) c
  where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'kysely%'
  group by t.name`;
