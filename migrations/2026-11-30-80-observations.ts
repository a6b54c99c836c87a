import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** What servers showed when Sitebook visited them. Measurements, not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table visit_schedules (
  environment_id text primary key references environments (id),
  every_hours integer not null,
  next_at instant not null
);
create index visit_schedules_by_time on visit_schedules (next_at);
create table visit_settings (
  server_id text primary key references servers (id),
  honours_robots integer not null check (honours_robots in (0, 1)),
  pages_at_once integer not null,
  pause_ms integer not null,
  max_pages integer not null,
  sealed_headers text,
  header_names text not null
);
create table visits (
  id text primary key,
  site_id text not null references sites (id),
  environment_id text not null references environments (id),
  server_id text not null references servers (id),
  person_id text references people (id),
  started_at instant not null,
  pages integer,
  visited integer not null default 0,
  changed integer not null default 0,
  last_path text not null default '',
  note text,
  problem text,
  ended_at instant
);
create index visits_of_server on visits (server_id, id);
create unique index visits_open on visits (server_id) where ended_at is null;
create table observations (
  id text primary key,
  server_id text not null references servers (id),
  path text not null,
  seen_at instant not null,
  outcome text not null check (outcome in ('shown', 'missing', 'unobserved')),
  reason text,
  status integer,
  address text,
  title text,
  language text,
  canonical text,
  robots text,
  text_digest text,
  structure_digest text,
  took_ms integer not null,
  bytes integer not null
);
create index observations_of_page on observations (server_id, path, id);
create table observed_pages (
  server_id text not null references servers (id),
  path text not null,
  in_record integer not null check (in_record in (0, 1)),
  in_sitemap integer not null check (in_sitemap in (0, 1)),
  observation_id text references observations (id),
  shown_id text references observations (id),
  etag text,
  last_modified text,
  primary key (server_id, path)
);
create table seen_versions (
  version_id text not null references versions (id),
  environment_id text not null references environments (id),
  text_digest text not null,
  seen_at instant not null,
  primary key (version_id, environment_id)
);
create table findings (
  id text primary key,
  site_id text not null references sites (id),
  environment_id text not null references environments (id),
  server_id text not null references servers (id),
  path text not null,
  code text not null,
  sentence text not null,
  opened_at instant not null,
  settled_at instant
);
create unique index findings_open on findings (server_id, code, path) where settled_at is null;
create index findings_of_site on findings (site_id, id) where settled_at is null;
create index findings_of_environment on findings (environment_id, id) where settled_at is null;
create index findings_of_server on findings (server_id);
`;
