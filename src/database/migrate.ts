import { readdir } from "node:fs/promises";
import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "./connect.ts";

const folder = new URL("../../migrations/", import.meta.url);

/**
 * Every file in migrations/ in the order of its date; `ddl.ts` beside them only helps them to speak both dialects. A
 * file is loaded when it is run: a schema that is up to date loads none.
 */
async function migrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}-.*\.ts$/.test(name)).sort();
  return Object.fromEntries(files.map((name) => [name.slice(0, -3), loadedWhenRun(new URL(name, folder))]));
}

function loadedWhenRun({ href }: URL): Migration {
  return { up: async (db) => (await import(href)).up(db) };
}

/** Brings the schema up to date, each time all or nothing; of two servers starting at once the second waits and finds nothing to do. */
export async function migrate(db: Database): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}
