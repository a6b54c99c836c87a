import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** A promotion can be a rollback: it puts back what a completed one replaced. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, columns);
}

const columns = `
alter table promotions add column rollback_of_id text references promotions (id);
create index promotions_by_rollback on promotions (rollback_of_id) where rollback_of_id is not null;
`;
