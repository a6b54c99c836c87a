import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Who ticked which line of a gate's checklist for a promotion. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, table);
  await appendOnly(db, ["checklist_ticks"]);
}

const table = `
create table checklist_ticks (
  id text primary key,
  promotion_id text not null references promotions (id),
  seq integer not null,
  line text not null,
  ticked integer not null check (ticked in (0, 1)),
  person_id text not null references people (id),
  ticked_at instant not null,
  unique (promotion_id, seq)
);
`;
