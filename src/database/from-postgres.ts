import { writeFileSync } from "node:fs";
import SQLite from "better-sqlite3";
import pg from "pg";
import { openDatabase } from "./connect.ts";
import { migrate } from "./migrate.ts";
import type { Sync } from "./whole-file.ts";

export interface Copying {
  sync: Sync;
  onProgress: (done: number, all: number) => void;
}

/** Copies a book from PostgreSQL, as it is at one moment, table by table into an SQLite file of the same schema. */
export async function copyTables(url: string, path: string, { sync, onProgress }: Copying): Promise<void> {
  const book = await emptyBook(path);
  const source = new pg.Client({ connectionString: url, types: { getTypeParser: () => String } });
  // a connection that breaks off is told by the query under way
  source.on("error", () => undefined);
  try {
    await source.connect();
    await source.query("begin isolation level repeatable read read only");
    const tables = tablesOf(book);
    const all = await countOf(source, tables);
    onProgress(0, all);
    let done = 0;
    const copied = () => {
      if (++done % 5000) return;
      sync();
      onProgress(done, all);
    };
    book.exec("begin immediate");
    const indexes = dropIndexes(book);
    for (const table of tables) await copyTable(source, book, table, copied);
    for (const { sql } of indexes) book.exec(sql);
    book.exec("commit");
  } finally {
    await source.end();
    book.close();
  }
}

/** The schema, made in memory. Should anything fail the whole file goes, so that nothing need be undone in it. */
async function emptyBook(path: string): Promise<SQLite.Database> {
  const memory = new SQLite(":memory:");
  const db = openDatabase("file::memory:", memory);
  await migrate(db);
  writeFileSync(path, memory.serialize());
  await db.destroy();
  const book = new SQLite(path);
  for (const pragma of ["locking_mode = exclusive", "journal_mode = off", "synchronous = off", "cache_size = -64000"])
    book.pragma(pragma);
  book.pragma("foreign_keys = off");
  return book;
}

interface Table {
  name: string;
  columns: string;
  /** A question mark for each. */
  values: string;
}

/** As the schema itself has them, so that none is forgotten. What each engine derives for itself (the search index) is not copied. */
function tablesOf(book: SQLite.Database): Table[] {
  const list = `
    select t.name, group_concat('"' || c.name || '"') as columns, group_concat('?') as "values"
    from pragma_table_list t, pragma_table_info(t.name) c
    where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'kysely%'
    group by t.name`;
  return book.prepare<[], Table>(list).all();
}

/** An index that is made of all rows at once takes a fraction of the time. */
function dropIndexes(book: SQLite.Database): { name: string; sql: string }[] {
  const list = "select name, sql from sqlite_master where type = 'index' and sql is not null";
  const indexes = book.prepare<[], { name: string; sql: string }>(list).all();
  for (const { name } of indexes) book.exec(`drop index "${name}"`);
  return indexes;
}

async function countOf(source: pg.Client, tables: Table[]): Promise<number> {
  const counts = tables.map(({ name }) => `(select count(*) from "${name}")`);
  const { rows } = await source.query<{ all: string }>(`select ${counts.join(" + ")} as all`);
  return Number(rows[0]?.all);
}

/** A row is written when it arrives, and the next is not read before: however much there is, little of it is held. */
function copyTable(source: pg.Client, book: SQLite.Database, table: Table, copied: () => void): Promise<void> {
  book.exec(`delete from "${table.name}"`);
  const insert = book.prepare(`insert into "${table.name}" (${table.columns}) values (${table.values})`);
  const select: pg.QueryArrayConfig = { text: `select ${table.columns} from "${table.name}"`, rowMode: "array" };
  const query = new pg.Query(select);
  return new Promise((resolve, reject) => {
    query.on("row", (row) => {
      try {
        insert.run(row);
        copied();
      } catch (error) {
        query.removeAllListeners("row");
        reject(error);
      }
    });
    query.on("error", reject);
    query.on("end", () => resolve());
    source.query(query);
  });
}
