import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Visits of which another observer says what it saw. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table visits add column reported integer not null default 0 check (reported in (0, 1));
`;
