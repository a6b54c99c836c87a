import SQLite from "better-sqlite3";
import pg from "pg";

const text = "x".repeat(300);

/** The limit for writing: durable commits of one row per second, by the driver alone; with 16 clients on PostgreSQL. */
export async function rawCommits(databaseUrl: string, ms = 1000): Promise<number> {
  return databaseUrl.startsWith("file:")
    ? onSqlite(databaseUrl.slice("file:".length), ms)
    : onPostgres(databaseUrl, ms);
}

/** With one client, as only one handle writes at a time. */
function onSqlite(path: string, ms: number): number {
  const db = new SQLite(`${path}.commits`);
  db.pragma("journal_mode = wal");
  db.pragma("synchronous = full");
  db.exec("create table if not exists commits (id integer primary key, text text)");
  const insert = db.prepare("insert into commits (text) values (?)");
  let count = 0;
  const began = performance.now();
  for (; performance.now() - began < ms; count++) insert.run(text);
  db.close();
  return (count / ms) * 1000;
}

async function onPostgres(url: string, ms: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  await pool.query("create table if not exists commits (id bigint generated always as identity, text text)");
  let count = 0;
  const began = performance.now();
  const client = async () => {
    for (; performance.now() - began < ms; count++)
      await pool.query({ name: "commit", text: "insert into commits (text) values ($1)", values: [text] });
  };
  await Promise.all(Array.from({ length: 16 }, client));
  await pool.end();
  return (count / ms) * 1000;
}
