import { execFileSync } from "node:child_process";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import pg from "pg";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { migrate } from "../../src/database/migrate.ts";
import { engine, freshDatabase, freshDatabaseUrl } from "./database.ts";
import { hasSmallDisks, smallDisk } from "./small-disk.ts";

/** A migrated database, and how to leave it no room and give it back. */
export interface Fillable {
  db: Database;
  /** Where another process reaches it, if one can. */
  url?: string;
  fill: () => Promise<void>;
  room: () => Promise<void>;
  close: () => Promise<void>;
}

type Ways = Record<string, () => Promise<Fillable>>;

/** Where room is left for whatever fits in what is there already: sooner or later a write does not. */
export const tight: Ways =
  engine === "sqlite" ? { "no more pages": noMorePages } : hasSmallDisks ? { "a full tablespace": fullTablespace } : {};

/** Where nothing at all can be written. */
export const full: Ways =
  engine === "postgres"
    ? { "a disk that is said to be full": saidToBeFull }
    : hasSmallDisks
      ? { "a full disk": fullDisk }
      : {};

async function noMorePages(): Promise<Fillable> {
  const { db, close } = await freshDatabase();
  const most = (pages: number) => sql.raw(`pragma max_page_count = ${pages}`).execute(db);
  return {
    db,
    close,
    fill: async () => {
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
      await most(rows[0]?.page_count ?? 0);
    },
    room: async () => {
      await most(2 ** 30);
    },
  };
}

async function fullDisk(): Promise<Fillable> {
  const disk = smallDisk(16);
  const path = `${disk.path}/sitebook.db`;
  const url = `file:${path}`;
  const handle = new SQLite(path);
  const db = openDatabase(url, handle);
  await migrate(db);
  return {
    db,
    url,
    // an empty log has no room that was taken before
    fill: async () => {
      handle.pragma("wal_checkpoint(truncate)");
      disk.fill();
    },
    room: async () => disk.room(),
    close: async () => {
      await db.destroy();
      disk[Symbol.dispose]();
    },
  };
}

/** PostgreSQL's own files and its log are elsewhere: of a log without room it dies. */
async function fullTablespace(): Promise<Fillable> {
  const disk = smallDisk(32, Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" })));
  const { url, drop } = await freshDatabaseUrl();
  const name = new URL(url).pathname.slice(1);
  await administer(
    url,
    `create tablespace ${name} location '${disk.path}'`,
    `alter database ${name} set tablespace ${name}`,
  );
  const db = openDatabase(url);
  return {
    db,
    url,
    fill: async () => disk.fill(),
    room: async () => disk.room(),
    close: async () => {
      await db.destroy();
      await drop();
      await administer(url, `drop tablespace ${name}`);
      disk[Symbol.dispose]();
    },
  };
}

async function administer(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(/\/[^/?]+\?/, "/postgres?") });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function saidToBeFull(): Promise<Fillable> {
  const { db, close } = await freshDatabase();
  const { rows } = await sql<{
    name: string;
  }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(db);
  const each = async (statement: (table: string) => string) => {
    for (const { name } of rows) await sql.raw(statement(name)).execute(db);
  };
  await sql
    .raw(`create function no_room() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`)
    .execute(db);
  return {
    db,
    fill: () =>
      each(
        (table) => `create trigger no_room before insert or update or delete on ${table} execute function no_room()`,
      ),
    room: () => each((table) => `drop trigger no_room on ${table}`),
    close,
  };
}
