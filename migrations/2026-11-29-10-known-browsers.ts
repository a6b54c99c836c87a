import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Browsers in which a person signed in before, and failed sign-ins by browser: others cannot lock that person out. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
}

const tables = `
create table known_browsers (
  hash text not null,
  person_id text not null references people (id),
  expires_at instant not null,
  primary key (hash, person_id)
);
create index known_browsers_by_expiry on known_browsers (expires_at);

alter table sign_in_failures add column browser text not null default '';
`;
