import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Signed statements of how far a site's chain had come, and the key that signs them. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
  await appendOnly(db, ["keys", "checkpoints"]);
}

const tables = `
create table keys (
  name text primary key,
  private_key text not null,
  created_at instant not null
);

create table checkpoints (
  site_id text not null references sites (id),
  events integer not null,
  head text not null,
  note text not null,
  at instant not null,
  primary key (site_id, events)
);

create index repeats_of_deployment on repeats (deployment_id);
`;
