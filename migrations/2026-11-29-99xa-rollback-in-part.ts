import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** A rollback can be of some of the lines that a promotion replaced. Older ones count as whole, since nobody noted it. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(
    db,
    "alter table promotions add column rollback_in_part integer not null default 0 check (rollback_in_part in (0, 1))",
  );
}
