import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Where visits are that wait, as their server asked them to. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table visits add column waited_after integer");
}
