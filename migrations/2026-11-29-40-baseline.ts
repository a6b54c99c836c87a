import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** A baseline records what was there before the book was opened. Of the deployments recorded until now, none was one. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table deployments add column baseline integer not null default 0 check (baseline in (0, 1))");
}
