import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Which pages of an approval were approved on an earlier promotion already: its number and their keys, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table approvals add column carried_over text;
`;
