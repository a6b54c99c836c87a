import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** A release that removes a page can say where visitors are to be led: a path of the site, or a web address. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table release_contents add column redirect text;");
}
