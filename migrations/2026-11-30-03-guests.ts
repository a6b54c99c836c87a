import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Guests, who decide on one promotion without an account. Their decisions are part of the record, their invitations are not. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

// no reference to promotions, which can be rebuilt from the chain
const statements = `
alter table approvals add column identity text;
create table guests (
  id text primary key,
  promotion_id text not null,
  person_id text not null references people (id),
  email text not null,
  role text not null references roles (slug),
  hash text not null unique,
  invited_by text not null references people (id),
  created_at instant not null,
  expires_at instant not null,
  revoked_at instant,
  code_hash text,
  code_expires_at instant,
  codes integer not null default 0,
  tries integer not null default 0,
  session_hash text,
  session_expires_at instant
);
create index guests_of_promotion on guests (promotion_id);
`;
