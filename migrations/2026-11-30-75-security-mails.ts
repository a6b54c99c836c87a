import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** People get a mail about changes of how they sign in: written with the event, and sent in the background. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(
    db,
    `
alter table security_events add column to_mail integer not null default 0;
create index security_events_to_mail on security_events (seq) where to_mail = 1;
`,
  );
}
