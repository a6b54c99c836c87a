import { execFileSync } from "node:child_process";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import pg from "pg";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { engine, freshDatabase, freshDatabaseUrl, writeEmptyBook } from "./database.ts";
import { hasSmallDisks, smallDisk } from "./small-disk.ts";

/** A migrated database on a disk that can be filled, and freed again. */
export interface Fillable {
  db: Database;
  /** For another process, if it can be reached by one. */
  url?: string;
  fill: () => Promise<void>;
  free: () => Promise<void>;
  close: () => Promise<void>;
}

type Disks = Record<string, () => Promise<Fillable>>;

/** With space only in the pages that are there already: sooner or later a write does not fit. */
export const tight = (): Disks =>
  engine === "sqlite" ? { "no new pages": noNewPages } : hasSmallDisks ? { "a full tablespace": fullTablespace } : {};

/** With no space at all: every write fails. */
export const full = (): Disks =>
  engine === "postgres"
    ? { "a disk reported as full": reportedFull }
    : hasSmallDisks
      ? { "a full disk": fullDisk }
      : {};

async function noNewPages(): Promise<Fillable> {
  const { db, close } = await freshDatabase();
  const limitPages = (pages: number) => sql.raw(`pragma max_page_count = ${pages}`).execute(db);
  return {
    db,
    close,
    fill: async () => {
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
      await limitPages(rows[0]?.page_count ?? 0);
    },
    free: async () => {
      await limitPages(2 ** 30);
    },
  };
}

async function fullDisk(): Promise<Fillable> {
  const disk = smallDisk(16);
  const path = `${disk.path}/sitebook.db`;
  const url = `file:${path}`;
  await writeEmptyBook(path);
  const handle = new SQLite(path);
  const db = openDatabase(url, handle);
  return {
    db,
    url,
    // an empty log has no space that it could use again
    fill: async () => {
      handle.pragma("wal_checkpoint(truncate)");
      disk.fill();
    },
    free: async () => disk.free(),
    close: async () => {
      await db.destroy();
      disk[Symbol.dispose]();
    },
  };
}

/** PostgreSQL's own files and its log are on another disk: if its log has no space it crashes. */
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
    free: async () => disk.free(),
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

async function reportedFull(): Promise<Fillable> {
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
    free: () => each((table) => `drop trigger no_room on ${table}`),
    close,
  };
}
