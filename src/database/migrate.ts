import { readdir } from "node:fs/promises";
import { sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "./connect.ts";

const folder = new URL("../../migrations/", import.meta.url);

/**
 * Every migration in migrations/, in the order of their dates; `ddl.ts` beside them has what they share. A file is
 * imported only when it is run, so none is if the schema is up to date.
 */
async function migrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}-.*\.ts$/.test(name)).sort();
  return Object.fromEntries(files.map((name) => [name.slice(0, -3), lazyMigration(new URL(name, folder))]));
}

function lazyMigration({ href }: URL): Migration {
  return { up: async (db) => (await import(href)).up(db) };
}

/**
 * Brings the schema up to date, all or nothing, and returns the names of the migrations that were run. If two servers
 * start at once, the second waits and finds nothing to do.
 */
export async function migrate(db: Database): Promise<string[]> {
  const all = await migrations();
  // Kysely would read twice which columns every table has
  if ((await finished(db)).join() === Object.keys(all).join()) return [];
  const migrator = new Migrator({ db, provider: { getMigrations: async () => all } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}

/** The names of the migrations that were run, sorted; none for a new database. */
async function finished(db: Database): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
    return rows.map(({ name }) => name).sort();
  } catch (error) {
    // there is no such table yet
    if (error instanceof Error && error.message.includes("kysely_migration")) return [];
    throw error;
  }
}
