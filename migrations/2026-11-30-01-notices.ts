import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Notices to people, and what each wants to be told. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

// what happened before this migration causes no notices; no reference to promotions, which can be rebuilt from the chain
const statements = `
create table notice_progress (
  site_id text primary key references sites (id),
  seq integer not null,
  checked_at instant not null
);
insert into notice_progress (site_id, seq, checked_at) select id, events, '' from sites;
create table noticed_needs (
  promotion_id text not null,
  person_id text not null references people (id),
  site_id text not null references sites (id),
  need text not null,
  primary key (promotion_id, person_id)
);
create index noticed_needs_of_site on noticed_needs (site_id);
create table notices (
  id text primary key,
  site_id text not null references sites (id),
  person_id text not null references people (id),
  kind text not null,
  seq integer not null,
  topic text not null,
  promotion_id text,
  delivery text not null,
  created_at instant not null,
  state text not null check (state in ('waiting', 'sent', 'stopped', 'refused')),
  outcome text,
  ended_at instant,
  unsubscribe_key text not null unique
);
create index notices_of_site on notices (site_id, id);
create index notices_of_person on notices (person_id, id);
create index notices_waiting on notices (person_id, site_id, delivery) where state = 'waiting';
create index notices_ended on notices (ended_at) where ended_at is not null;
create table notice_rules (
  site_id text not null references sites (id),
  kind text not null,
  rule text not null check (rule in ('required', 'optional', 'off')),
  primary key (site_id, kind)
);
create table notice_choices (
  site_id text not null references sites (id),
  person_id text not null references people (id),
  kind text not null,
  delivery text not null check (delivery in ('now', 'daily', 'weekly', 'off')),
  primary key (site_id, person_id, kind)
);
create table subscriptions (
  id text primary key,
  site_id text not null references sites (id),
  person_id text not null references people (id),
  subject text not null check (subject in ('environment', 'section', 'page', 'campaign')),
  ref text not null,
  environment_id text references environments (id),
  created_at instant not null,
  unique (site_id, person_id, subject, ref)
);
`;
