import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Identity providers, the accounts of people there, and settings of the whole book. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table identity_providers (
  id text primary key,
  slug text not null unique,
  name text not null,
  issuer text not null,
  client_id text not null,
  sealed_secret text,
  scopes text not null,
  domains text not null,
  trusts_email integer not null,
  sign_up integer not null,
  roles_claim text,
  role_rules text not null,
  changed_at instant not null
);

create table identities (
  provider_id text not null references identity_providers (id),
  subject text not null,
  person_id text not null references people (id),
  linked_at instant not null,
  seen_at instant not null,
  primary key (provider_id, subject)
);
create unique index identities_of_person on identities (person_id, provider_id);

create table settings (
  name text primary key,
  value text not null
);

alter table sessions add column authenticated_at instant;
alter table sessions add column sealed_provider text;
`;
