import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** A role in which somebody decided cannot be removed: whether there is such a decision is one index seek. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "create index approvals_of_role on approvals (role);");
}
