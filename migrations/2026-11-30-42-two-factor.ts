import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Second factors of people, and sign-ins that wait for one. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table two_factor (
  person_id text primary key references people (id),
  sealed_secret text not null,
  last_step integer not null,
  confirmed_at instant
);

create table recovery_codes (
  person_id text not null references people (id),
  hash text not null,
  primary key (person_id, hash)
);

create table half_sign_ins (
  hash text primary key,
  person_id text not null references people (id),
  how text,
  expires_at instant not null
);
create index half_sign_ins_of_person on half_sign_ins (person_id);
create index half_sign_ins_by_time on half_sign_ins (expires_at);
`;
