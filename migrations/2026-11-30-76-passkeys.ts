import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Passkeys of people, and what a browser was asked to sign with one. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table passkeys (
  id text primary key,
  person_id text not null references people (id),
  credential_id text not null,
  public_key text not null,
  counter bigint not null,
  transports text not null,
  name text not null,
  created_at instant not null,
  used_at instant
);
create unique index passkeys_by_credential on passkeys (credential_id);
create index passkeys_of_person on passkeys (person_id, created_at, id);

create table passkey_challenges (
  hash text primary key,
  challenge text not null,
  person_id text references people (id),
  address text not null,
  expires_at instant not null
);
create index passkey_challenges_of_person on passkey_challenges (person_id);
create index passkey_challenges_by_address on passkey_challenges (address);
create index passkey_challenges_by_time on passkey_challenges (expires_at);
`;
