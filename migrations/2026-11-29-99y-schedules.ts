import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** When a promotion is planned to go live and to be taken down, and the planned moments at which somebody had to act. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
  await appendOnly(db, ["schedules", "due_moments"]);
}

const tables = `
create table schedules (
  id text primary key,
  promotion_id text not null references promotions (id),
  seq integer not null,
  go_live_at instant,
  by_itself integer not null,
  take_down_at instant,
  take_down text,
  take_down_by_itself integer not null,
  take_down_release_id text references releases (id),
  digest text not null,
  person_id text not null references people (id),
  planned_at instant not null,
  unique (promotion_id, seq)
);
create index schedules_of_release on schedules (take_down_release_id) where take_down_release_id is not null;
create table due_moments (
  id text primary key,
  promotion_id text not null references promotions (id),
  what text not null,
  due_at instant not null,
  reason text,
  person_id text not null references people (id),
  noticed_at instant not null,
  unique (promotion_id, what, due_at)
);
create index take_downs_due on due_moments (promotion_id) where what = 'take_down';
`;
