import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/**
 * How many rows of each section stand in which way, kept in the transaction that changes it, so that no page has to
 * count what is stored. Derived: where a site has no rows here, nobody has counted it yet.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table tallies (
  site_id text not null references sites (id),
  kind text not null check (kind in ('page', 'software')),
  section text not null,
  counts text not null,
  primary key (site_id, kind, section)
);

create index artifacts_of_owner on artifacts (site_id, owner_id) where owner_id is not null;
`;
