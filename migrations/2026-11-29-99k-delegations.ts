import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Who stands in for whom in a role and when, what ended early, and for whom a decision was made. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
  await appendOnly(db, ["delegations", "delegation_ends"]);
}

const statements = `
create table delegations (
  id text primary key,
  site_id text not null references sites (id),
  person_id text not null references people (id),
  substitute_id text not null references people (id),
  role text not null references roles (slug),
  from_at instant not null,
  until_at instant not null,
  created_at instant not null
);
create index delegations_to_substitute on delegations (site_id, substitute_id, until_at);
create table delegation_ends (
  delegation_id text primary key references delegations (id),
  person_id text not null references people (id),
  ended_at instant not null
);
alter table approvals add column for_id text references people (id);
`;
