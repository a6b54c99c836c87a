import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Who signed in, from where, and what changed about accounts. Not part of the record: it is deleted with age. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table security_events (
  seq serial primary key,
  at instant not null,
  kind text not null,
  person_id text references people (id),
  by_id text references people (id),
  email text,
  address text not null,
  user_agent text not null,
  detail text
);
create index security_events_of_person on security_events (person_id, seq);
create index security_events_by_time on security_events (at);

create table security_event_sites (
  site_id text not null references sites (id),
  event_seq integer not null references security_events (seq) on delete cascade,
  primary key (site_id, event_seq)
);
create index security_event_sites_of_event on security_event_sites (event_seq);

create table token_addresses (
  token_id text not null references tokens (id),
  address text not null,
  seen_at instant not null,
  primary key (token_id, address)
);
create index token_addresses_by_time on token_addresses (seen_at);

alter table sessions add column address text not null default '';
alter table sessions add column user_agent text not null default '';
drop index sessions_of_person;
create index sessions_of_person on sessions (person_id, created_at);
`;
