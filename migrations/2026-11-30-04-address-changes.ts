import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** New e-mail addresses that have not been confirmed yet. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table address_changes (
  person_id text primary key references people (id),
  hash text not null unique,
  email text not null,
  expires_at instant not null
);
`;
