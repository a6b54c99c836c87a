import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Who owns the pages that are recorded in a section later. What an owner was set for before covers no later page. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, table);
  await appendOnly(db, ["section_owners"]);
}

const table = `
create table section_owners (
  change_id text primary key,
  site_id text not null references sites (id),
  seq integer not null,
  section text not null,
  owner_id text references people (id)
);
create index section_owners_of_section on section_owners (site_id, section, seq);
`;
