import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** A take-down that removes pages can lead their visitors elsewhere. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table schedules add column take_down_redirect text");
}
