import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Placements that a change told later turned into repetitions of what already stood there: from then on they no longer count. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, table);
  await appendOnly(db, ["repeats"]);
}

const table = `
create table repeats (
  placement_seq integer primary key references placements (seq),
  deployment_id text not null references deployments (id),
  recorded_at instant not null
);
`;
