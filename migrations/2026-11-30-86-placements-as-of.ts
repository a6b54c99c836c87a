import { type Kysely, SqliteAdapter, sql } from "kysely";

/**
 * Creates an index of placements again, after the others. While a table was never analyzed, as in the first minutes of a book,
 * PostgreSQL expects all of them to cost the same where it looks for what was there at a moment, and takes the newest. That was
 * one that has to read all placements of the environment for each page.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) return;
  await sql`drop index placements_as_of`.execute(db);
  await sql`create index placements_as_of on placements (environment_id, artifact_id, effective_at, seq)`.execute(db);
}
