import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Background work, written in the transaction that causes it. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table jobs (
  id text primary key,
  site_id text not null references sites (id),
  kind text not null,
  ref text not null,
  run_at instant not null,
  lease_until instant,
  attempts integer not null default 0,
  last_error text,
  done_at instant
);
create index jobs_due on jobs (run_at) where done_at is null;
create index jobs_open_of_site on jobs (site_id, run_at) where done_at is null;
create index jobs_done_of_site on jobs (site_id, done_at) where done_at is not null;
`;
