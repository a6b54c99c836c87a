import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Failures that count no more are cleared at every try: finding them must not mean looking through those that do. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index sign_in_failures_by_time on sign_in_failures (at);");
}
