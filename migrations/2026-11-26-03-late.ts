import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** What was told late, and what was corrected, by when: few of many. Whether a past moment is known otherwise by now is asked on every look at one. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create index deployments_told_late on deployments (environment_id, recorded_at, effective_at) where recorded_at > effective_at;
create index corrections_by_time on corrections (recorded_at);
`;
