import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Forms that could not be acted on, and answers to forms, for a short while. Only the browser that sent them has the key. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
}

const tables = `
create table kept_forms (
  id text primary key,
  person_id text not null references people (id),
  sealed text not null,
  expires_at instant not null
);
create index kept_forms_of_person on kept_forms (person_id, id);
create index kept_forms_by_expiry on kept_forms (expires_at);
`;
