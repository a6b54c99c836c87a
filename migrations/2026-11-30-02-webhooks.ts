import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Machines and channels that are told of events. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table webhooks (
  id text primary key,
  site_id text not null references sites (id),
  name text not null,
  shape text not null check (shape in ('standard', 'slack', 'teams')),
  url text not null,
  host text not null,
  types text not null,
  secret text,
  previous_secret text,
  previous_until instant,
  created_by text not null references people (id),
  created_at instant not null,
  disabled_at instant,
  disabled_reason text,
  removed_at instant
);
create index webhooks_of_site on webhooks (site_id);
create table webhook_deliveries (
  id text primary key,
  webhook_id text not null references webhooks (id),
  site_id text not null references sites (id),
  seq integer not null,
  type text not null,
  created_at instant not null,
  state text not null check (state in ('waiting', 'delivered', 'failed', 'stopped')),
  attempts integer not null default 0,
  status integer,
  answer text,
  ended_at instant
);
create index webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;
`;
