import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Who owned a page or software item since which event: the newest row of each is also in artifacts.owner_id. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, table);
  await appendOnly(db, ["ownerships"]);
  const roles = await db
    .selectFrom("roles")
    .select(["slug", "permissions"])
    .where("slug", "in", ["administrator", "account-manager"])
    .execute();
  for (const { slug, permissions } of roles)
    await db
      .updateTable("roles")
      .set({ permissions: JSON.stringify([...JSON.parse(permissions), "assign"]) })
      .where("slug", "=", slug)
      .execute();
}

const table = `
create table ownerships (
  change_id text not null,
  seq integer not null,
  artifact_id text not null references artifacts (id),
  owner_id text references people (id),
  primary key (change_id, artifact_id)
);
create index ownerships_of_artifact on ownerships (artifact_id, seq);
`;
