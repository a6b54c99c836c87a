import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Periods in which an environment takes no promotions, how they ended, and who may set and override them. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
  await appendOnly(db, ["freezes", "freeze_ends"]);
  await give(db, "administrator", "freeze", "override_freeze");
  await give(db, "account-manager", "freeze");
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function give(db: Kysely<any>, slug: string, ...permissions: string[]): Promise<void> {
  const role = await db.selectFrom("roles").select("permissions").where("slug", "=", slug).executeTakeFirst();
  if (!role) return;
  const all = JSON.stringify([...JSON.parse(role.permissions), ...permissions]);
  await db.updateTable("roles").set({ permissions: all }).where("slug", "=", slug).execute();
}

const statements = `
create table freezes (
  id text primary key,
  site_id text not null references sites (id),
  number integer not null,
  environment_id text not null references environments (id),
  starts_at instant not null,
  ends_at instant,
  recurrence text,
  time_zone text not null,
  last_ends_at instant,
  reason text not null,
  person_id text not null references people (id),
  created_at instant not null,
  unique (site_id, number)
);
create index freezes_of_environment on freezes (environment_id, starts_at);
create table freeze_ends (
  freeze_id text primary key references freezes (id),
  person_id text not null references people (id),
  reason text not null,
  ended_at instant not null
);
alter table sites add column freezes integer not null default 0;
alter table completions add column freeze_override text;
`;
