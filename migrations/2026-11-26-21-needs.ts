import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Versions that need something are few: they are found without looking through all that stands somewhere. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index versions_needing on versions (artifact_id) where requires is not null;");
}
