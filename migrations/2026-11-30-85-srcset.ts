import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** The next visits read all pages, with the images in their srcset: of an unchanged page a server would send nothing. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "update observed_pages set etag = null, last_modified = null");
}
