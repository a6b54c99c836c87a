import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Who else has a person's name is looked up wherever people are named. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index people_by_name on people (name, id);");
}
