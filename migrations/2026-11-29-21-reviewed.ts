import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** How many of the pages to review an approver had ticked when they decided; null for machines, and before these columns. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table approvals add column reviewed integer;
alter table approvals add column to_review integer;
`;
