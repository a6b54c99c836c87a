import { readdir } from "node:fs/promises";
import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "./open.ts";

const folder = new URL("../../migrations/", import.meta.url);

/** Every file in migrations/ by its date; `ddl.ts` beside them only helps them to speak both dialects. */
async function migrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}-.*\.ts$/.test(name)).sort();
  const loaded = await Promise.all(
    files.map(async (name) => [name.slice(0, -3), await import(new URL(name, folder).href)]),
  );
  return Object.fromEntries(loaded);
}

/** Brings the schema up to date, each time all or nothing; of two servers starting at once the second waits and finds nothing to do. */
export async function migrate(db: Database): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}
