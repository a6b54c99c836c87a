import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import type { PluginTransformQueryArgs, PluginTransformResultArgs } from "kysely";
import { inject } from "vitest";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { migrate } from "../../src/database/migrate.ts";
import { createDatabase } from "./postgres.ts";
import { borrowDatabase } from "./reused-databases.ts";

/** The engine under test: the suite runs once on each. */
export const engine = process.env.SITEBOOK_TEST_ENGINE === "postgres" ? "postgres" : "sqlite";

export interface Fresh {
  db: Database;
  close: () => Promise<void>;
  /** SQLite's own, for what only it can tell. */
  handle?: SQLite.Database;
}

/** A migrated, empty database that nobody else has: in memory on SQLite (1 ms), one that is reset on PostgreSQL (3 ms). */
export async function freshDatabase(): Promise<Fresh> {
  return engine === "sqlite" ? inMemory(await snapshot()) : copied();
}

/** A database into which something was written once, to be copied as often as it is needed. */
export async function readyDatabase<T>(
  write: (db: Database) => Promise<T>,
): Promise<T & { copy: () => Promise<Fresh> }> {
  if (engine === "sqlite") {
    const { db, handle } = inMemory(await snapshot());
    const written = await write(db);
    const bytes = (handle as SQLite.Database).serialize();
    await db.destroy();
    return { ...written, copy: async () => inMemory(bytes) };
  }
  const name = newName("ready");
  const { url } = await createDatabase(inject("postgres"), name);
  const db = openDatabase(url);
  const written = await write(db);
  await db.destroy();
  return { ...written, copy: () => copied(name) };
}

function inMemory(bytes: Buffer): Fresh {
  const handle = new SQLite(bytes);
  const db = openDatabase("file::memory:", handle);
  return { db, close: () => db.destroy(), handle };
}

const copied = (template = "template"): Promise<Fresh> => borrowDatabase(inject("postgres"), template);

const newName = (kind: string): string => `${kind}_${randomUUID().replaceAll("-", "")}`;

/** The same with an address, for what opens it itself: a server or the CLI in another process, or two connections. Close those before `drop`. */
export async function freshDatabaseUrl(): Promise<{ url: string; drop: () => Promise<void> }> {
  if (engine === "postgres") return createDatabase(inject("postgres"), newName("world"));
  const folder = await mkdtemp(join(tmpdir(), "sitebook-test-"));
  const path = join(folder, "sitebook.db");
  await writeFile(path, await snapshot());
  return { url: `file:${path}`, drop: () => rm(folder, { recursive: true }) };
}

/** One that has no schema yet. */
export async function emptyDatabaseUrl(): Promise<{ url: string; drop: () => Promise<void> }> {
  if (engine === "postgres") return createDatabase(inject("postgres"), newName("empty"), "template0");
  const folder = await mkdtemp(join(tmpdir(), "sitebook-test-"));
  return { url: `file:${join(folder, "sitebook.db")}`, drop: () => rm(folder, { recursive: true }) };
}

/** The same database, and what was asked of it this way: the kinds of the queries, or "compiled" for one made before. */
export function watched(db: Database): [db: Database, asked: string[]] {
  const kinds = new WeakMap<object, string>();
  const asked: string[] = [];
  const transformQuery = ({ queryId, node }: PluginTransformQueryArgs) => {
    kinds.set(queryId, node.kind);
    return node;
  };
  const transformResult = async ({ queryId, result }: PluginTransformResultArgs) => {
    asked.push(kinds.get(queryId) ?? "compiled");
    return result;
  };
  return [db.withPlugin({ transformQuery, transformResult }), asked];
}

let kept: Promise<Buffer> | undefined;

/** The migrated database as bytes, made once in each worker. */
function snapshot(): Promise<Buffer> {
  kept ??= makeSnapshot();
  return kept;
}

/** What is read from a migrated, empty SQLite database, whatever the engine under test. */
export async function emptySqlite<T>(read: (db: Database) => Promise<T>): Promise<T> {
  const { db } = inMemory(await snapshot());
  return read(db).finally(() => db.destroy());
}

async function makeSnapshot(): Promise<Buffer> {
  const handle = new SQLite(":memory:");
  const db = openDatabase("file::memory:", handle);
  await migrate(db);
  const bytes = handle.serialize();
  await db.destroy();
  return bytes;
}
