import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** An environment can be retired: it takes no more records, and its history stays. Its position is negative from then on. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table environments add column retired_at instant;");
}
