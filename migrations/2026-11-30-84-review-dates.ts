import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** When pages are to be reviewed, as a meta tag of theirs says. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table finding_settings add column date_tag text not null default '';
alter table observations add column review_at text;
`;
