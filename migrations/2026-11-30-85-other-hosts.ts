import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Hosts beside those of an environment whose addresses are checked if its pages name them. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table visit_settings add column other_hosts text not null default ''");
}
