import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** What pages contained when they were visited, so that their digests can be made anew when noise is learned or masked. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table observed_contents (
  digest text primary key,
  packed text not null,
  bytes integer not null
);
alter table observations add column content text references observed_contents (digest);
alter table seen_versions add column content text references observed_contents (digest);
create index observations_of_content on observations (content);
create index seen_versions_of_content on seen_versions (content);
create index observations_by_time on observations (server_id, seen_at);
create table learned_noise (
  id text primary key,
  site_id text not null references sites (id),
  path text not null,
  kind text not null check (kind in ('words', 'address', 'content', 'order', 'presence')),
  place text not null,
  example text not null,
  learned_at instant not null
);
create index learned_noise_of_page on learned_noise (site_id, path);
create index learned_noise_by_time on learned_noise (site_id, learned_at);
create table masks (
  id text primary key,
  site_id text not null references sites (id),
  kind text not null check (kind in ('selector', 'pattern')),
  expression text not null,
  created_at instant not null
);
create index masks_of_site on masks (site_id, id);
`;
