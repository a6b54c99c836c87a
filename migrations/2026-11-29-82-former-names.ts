import { type Kysely, SqliteAdapter, sql } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/**
 * What people and environments were called, until when. Until now only the renaming of an environment was an event; what a
 * person was called is in each of their events.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, table);
  const renamed = await db
    .selectFrom("events")
    .select(["site_id", "seq", "recorded_at", "environment_id", "details"])
    .where("action", "=", "environment_changed")
    .execute();
  for (const { site_id, seq, recorded_at, environment_id, details } of renamed) {
    const { name, before } = JSON.parse(details);
    const row = { of_id: environment_id, until: recorded_at, site_id, seq, name: before };
    if (name !== undefined) await db.insertInto("former_names").values(row).execute();
  }
  await ofPeople(db);
  await appendOnly(db, ["former_names"]);
}

const table = `
create table former_names (
  of_id text not null,
  until instant not null,
  site_id text not null references sites (id),
  seq integer not null,
  name text not null,
  primary key (of_id, until, seq, site_id)
);
create index former_names_of_site on former_names (site_id, seq);
`;

// biome-ignore lint/suspicious/noExplicitAny: as above
async function ofPeople(db: Kysely<any>): Promise<void> {
  const sqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  const name = sqlite ? sql<string>`json_extract(e.details, '$.person')` : sql<string>`e.details::json ->> 'person'`;
  const renamed = await db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .select(["p.id", "p.name"])
    .distinct()
    .where(sql<boolean>`${name} <> p.name`)
    .execute();
  for (const person of renamed) {
    const events = await db
      .selectFrom("events as e")
      .select(["e.site_id", "e.recorded_at", name.as("name")])
      .where("e.person_id", "=", person.id)
      .orderBy("e.recorded_at")
      .orderBy("e.site_id")
      .orderBy("e.seq")
      .execute();
    const last = events.at(-1);
    const end = { ...last, ...person, recorded_at: new Date(Date.parse(last?.recorded_at) + 1).toISOString() };
    const changes = [...events, end].map((event, i, all) => ({ ...event, before: all[i - 1]?.name ?? event.name }));
    for (const { site_id, recorded_at, before } of changes.filter((event) => event.before !== event.name))
      await db
        .insertInto("former_names")
        .values({ of_id: person.id, until: recorded_at, site_id, seq: 0, name: before })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
  }
}
