import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Jobs that are done are removed after a while, which finds them by when they were done. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index jobs_done on jobs (done_at) where done_at is not null;");
}
