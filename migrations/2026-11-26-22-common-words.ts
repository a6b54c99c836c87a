import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Of pages that have a common word the shortest come first: found by walking from there, not by ordering them all. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index search_entries_by_size on search_entries (site_id, kind, length(words), id);");
}
