import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** A release can be marked as bad, and the mark lifted by another row. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, table);
  await appendOnly(db, ["release_marks"]);
}

const table = `
create table release_marks (
  id text primary key,
  release_id text not null references releases (id),
  lifts_id text unique references release_marks (id),
  person_id text not null references people (id),
  reason text not null,
  marked_at instant not null
);
create index release_marks_of_release on release_marks (release_id);
`;
