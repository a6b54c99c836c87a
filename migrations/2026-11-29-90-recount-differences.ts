import { type Kysely, sql } from "kysely";

/** Counted anew: what was never recorded in an environment no longer counts as a difference from the next one. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await sql`delete from tallies`.execute(db);
}
