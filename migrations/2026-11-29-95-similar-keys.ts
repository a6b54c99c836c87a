import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** New keys are compared with known ones without their case. The text is cut, since it may be longer than an index takes. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index artifacts_by_folded on artifacts (substr(folded, 1, 200));");
}
