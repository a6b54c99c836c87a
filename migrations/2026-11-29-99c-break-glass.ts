import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Completions of promotions without their gate, and their review by somebody else. Administrators may complete so. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
  await appendOnly(db, ["forced_completions", "forced_reviews"]);
  const roles = await db
    .selectFrom("roles")
    .select(["slug", "permissions"])
    .where("slug", "=", "administrator")
    .execute();
  for (const { slug, permissions } of roles)
    await db
      .updateTable("roles")
      .set({ permissions: JSON.stringify([...JSON.parse(permissions), "break_glass"]) })
      .where("slug", "=", slug)
      .execute();
}

const tables = `
create table forced_completions (
  promotion_id text primary key references promotions (id),
  reason text not null,
  blockers text not null
);
create table forced_reviews (
  promotion_id text primary key references promotions (id),
  person_id text not null references people (id),
  comment text,
  reviewed_at instant not null
);
`;
