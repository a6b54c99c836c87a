import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Environments whose record Sitebook keeps by what it sees, visits after deployments, and how servers are reached and links followed. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table observation_rules (
  environment_id text primary key references environments (id),
  reporter text not null check (reporter in ('people', 'observation')),
  after_deployments integer not null check (after_deployments in (0, 1))
);
create table visit_progress (
  site_id text primary key references sites (id),
  seq integer not null
);
alter table visits add column repeats integer not null default 0 check (repeats in (0, 1));
alter table visit_settings add column connect_to text not null default '';
alter table visit_settings add column link_depth integer not null default 0;
alter table visit_settings add column kept_parameters text not null default '';
alter table observed_pages add column link_depth integer;
alter table deployments add column seen_otherwise_at instant;
`;
