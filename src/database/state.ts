import { CompiledQuery } from "kysely";
import { type Database, isPostgres } from "./open.ts";
import { apart } from "./sqlite.ts";

// Commits of other handles, and what this one has changed: a database in memory has no others. Of the writer's handle
// it would tell of changes that are not committed yet.
const sqlite = CompiledQuery.raw(
  `${apart} select data_version || ' ' || total_changes() as state from pragma_data_version`,
);
// Which transactions are visible: as long as that is the same, so is all that they wrote.
const postgres = CompiledQuery.raw("select pg_current_snapshot()::text as state");

/** A name for everything that a query would see now: as long as it stays the same, nothing was written. Costs next to nothing. */
export async function stateOf(db: Database): Promise<string> {
  const { rows } = await db.executeQuery<{ state: string }>(isPostgres(db) ? postgres : sqlite);
  return (rows[0] as { state: string }).state;
}
