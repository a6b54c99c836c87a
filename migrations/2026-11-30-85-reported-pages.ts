import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** When another observer last said what a page shows. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table observed_pages add column reported_at instant;
create index visits_by_sitebook on visits (server_id, id) where reported = 0;
`;
