import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** How findings end, what they were found in, and what administrators have checked besides. Measurements, not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table findings add column content text;
alter table findings add column accepted_at instant;
alter table findings add column accepted_by text references people (id);
alter table findings add column reason text;
alter table findings add column settled_how text check (settled_how in ('gone', 'recorded', 'changed'));
update findings set settled_how = 'gone' where settled_at is not null;
create index findings_accepted on findings (site_id, id) where settled_at is null and accepted_at is not null;
create index findings_of_page on findings (site_id, path) where settled_at is null;
create index findings_settled on findings (site_id, settled_at, id) where settled_at is not null;
create index findings_settled_by_code on findings (site_id, code, settled_at, id) where settled_at is not null;
create index findings_settled_on on findings (environment_id, settled_at, id) where settled_at is not null;
create index findings_settled_on_by_code on findings (environment_id, code, settled_at, id)
  where settled_at is not null;
create table finding_settings (
  environment_id text primary key references environments (id),
  hidden integer not null check (hidden in (0, 1))
);
create table software_probes (
  id text primary key,
  environment_id text not null references environments (id),
  software text not null,
  how text not null check (how in ('json', 'header', 'meta')),
  path text not null,
  name text not null
);
create unique index software_probes_of_environment on software_probes (environment_id, software);
alter table visits add column last_link text not null default '';
alter table visits add column links integer not null default 0;
create table page_links (
  server_id text not null references servers (id),
  path text not null,
  address text not null,
  loaded integer not null check (loaded in (0, 1)),
  primary key (server_id, path, address)
);
create index page_links_by_address on page_links (server_id, address);
create table broken_links (
  server_id text not null references servers (id),
  address text not null,
  problem text not null,
  primary key (server_id, address)
);
`;
