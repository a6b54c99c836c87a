import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Each way to filter the history by two things or three walks an index of its own: what comes of it may be rare. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, indexes);
}

const indexes = `
create index events_by_person_action on events (site_id, person_id, action, seq);
create index events_by_person_environment on events (site_id, person_id, environment_id, seq);
create index events_by_action_environment on events (site_id, action, environment_id, seq);
create index events_by_person_action_environment on events (site_id, person_id, action, environment_id, seq);
`;
