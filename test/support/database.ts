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
import { borrowDatabase, keepTemplate } from "./reused-databases.ts";

type Engine = "sqlite" | "postgres";

/** The engine under test: the suite runs once on each. `set-engine.ts` sets it before each test file. */
export let engine: Engine = "sqlite";

export function setEngine(next: Engine): void {
  engine = next;
}

/** What `create` returns for the engine under test. It runs once in each worker for each engine. */
export function perEngine<T>(create: () => T): () => T {
  const created = new Map<Engine, T>();
  return () => {
    const one = created.has(engine) ? (created.get(engine) as T) : create();
    created.set(engine, one);
    return one;
  };
}

export interface Fresh {
  db: Database;
  close: () => Promise<void>;
  /** SQLite's own handle, for what only it can answer. */
  handle?: SQLite.Database;
}

/** A new, migrated, empty database: in memory on SQLite (1 ms), one that is reset on PostgreSQL (3 ms). */
export async function freshDatabase(): Promise<Fresh> {
  return engine === "sqlite" ? inMemory(await snapshot()) : borrowDatabase(inject("postgres"));
}

/**
 * One that no other test has used. On PostgreSQL, what other tests prepared, and the rows that they deleted, change how a
 * query is planned; it takes some 70 ms.
 */
export async function newDatabase(): Promise<Fresh> {
  if (engine === "sqlite") return freshDatabase();
  const { url, drop } = await freshDatabaseUrl();
  const db = openDatabase(url);
  return { db, close: () => db.destroy().then(drop) };
}

/** A database into which something was written once, and which can be copied many times. */
export async function readyDatabase<T>(
  write: (db: Database) => Promise<T>,
): Promise<T & { copy: () => Promise<Fresh> }> {
  if (engine === "postgres") {
    const { template, ...written } = await keepTemplate(inject("postgres"), write);
    return { ...(written as T), copy: () => borrowDatabase(inject("postgres"), template) };
  }
  const { bytes, written } = await writtenInMemory(write);
  return { ...written, copy: async () => inMemory(bytes) };
}

/** The same for databases that other processes open. */
export async function readyDatabaseUrl(write: (db: Database) => Promise<unknown>): Promise<() => Promise<Addressed>> {
  if (engine === "sqlite") {
    const { bytes } = await writtenInMemory(write);
    return () => inFile(bytes);
  }
  const name = newName("ready");
  const { url } = await createDatabase(inject("postgres"), name);
  const db = openDatabase(url);
  await write(db);
  await db.destroy();
  return () => addressed(name);
}

async function writtenInMemory<T>(write: (db: Database) => Promise<T>) {
  const { db, handle } = inMemory(await snapshot());
  const written = await write(db);
  const bytes = (handle as SQLite.Database).serialize();
  await db.destroy();
  return { bytes, written };
}

function inMemory(bytes: Buffer): Fresh {
  const handle = new SQLite(bytes);
  const db = openDatabase("file::memory:", handle);
  return { db, close: () => db.destroy(), handle };
}

const newName = (kind: string): string => `${kind}_${randomUUID().replaceAll("-", "")}`;

/** A database for other processes or several connections. Close those before `drop`. */
interface Addressed {
  url: string;
  drop: () => Promise<void>;
}

/** A new, migrated, empty one. */
export async function freshDatabaseUrl(): Promise<Addressed> {
  return engine === "postgres" ? addressed("template") : inFile(await snapshot());
}

const addressed = (template: string): Promise<Addressed> =>
  createDatabase(inject("postgres"), newName("world"), template);

/** Writes a migrated, empty SQLite database to a file. */
export const writeEmptyBook = async (path: string): Promise<void> => writeFile(path, await snapshot());

async function inFile(bytes: Buffer): Promise<Addressed> {
  const folder = await mkdtemp(join(tmpdir(), "sitebook-test-"));
  const path = join(folder, "sitebook.db");
  await writeFile(path, bytes);
  return { url: `file:${path}`, drop: () => rm(folder, { recursive: true }) };
}

/** The URL of a new database without a schema. */
export async function emptyDatabaseUrl(): Promise<{ url: string; drop: () => Promise<void> }> {
  if (engine === "postgres") return createDatabase(inject("postgres"), newName("empty"), "template0");
  const folder = await mkdtemp(join(tmpdir(), "sitebook-test-"));
  return { url: `file:${join(folder, "sitebook.db")}`, drop: () => rm(folder, { recursive: true }) };
}

/** The database, and the kinds of the queries that are run on it from now on; "compiled" for precompiled ones. */
export function watchQueries(db: Database): [db: Database, kinds: string[]] {
  const kindOf = new WeakMap<object, string>();
  const kinds: string[] = [];
  const transformQuery = ({ queryId, node }: PluginTransformQueryArgs) => {
    kindOf.set(queryId, node.kind);
    return node;
  };
  const transformResult = async ({ queryId, result }: PluginTransformResultArgs) => {
    kinds.push(kindOf.get(queryId) ?? "compiled");
    return result;
  };
  return [db.withPlugin({ transformQuery, transformResult }), kinds];
}

let snapshotBytes: Promise<Buffer> | undefined;

/** The bytes of a migrated SQLite database, created once in each worker. */
function snapshot(): Promise<Buffer> {
  snapshotBytes ??= createSnapshot();
  return snapshotBytes;
}

/** Reads from a migrated, empty SQLite database, whichever engine is under test. */
export async function emptySqlite<T>(read: (db: Database) => Promise<T>): Promise<T> {
  const { db } = inMemory(await snapshot());
  return read(db).finally(() => db.destroy());
}

async function createSnapshot(): Promise<Buffer> {
  const handle = new SQLite(":memory:");
  const db = openDatabase("file::memory:", handle);
  await migrate(db);
  const bytes = handle.serialize();
  await db.destroy();
  return bytes;
}
