import { type Kysely, sql } from "kysely";
import { ddl } from "./ddl.ts";

/** Lists sort numbers in keys as numbers, and the board can be sorted by the latest change. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, column);
  for (let after = ""; ; ) {
    const rows = await db
      .selectFrom("artifacts")
      .select(["id", "key"])
      .where("id", ">", after)
      .orderBy("id")
      .limit(500)
      .execute();
    if (!rows.length) break;
    const values = rows.map(({ id, key }) => sql`(${id}, ${sortKey(key)})`);
    await sql`
      with given (id, sort_key) as (values ${sql.join(values)})
      update artifacts set sort_key = given.sort_key from given where artifacts.id = given.id`.execute(db);
    after = rows.at(-1)?.id as string;
  }
  await ddl(db, indexes);
}

const column = "alter table artifacts add column sort_key text not null default '';";

const indexes = `
drop index artifacts_by_section;
create index artifacts_by_section on artifacts (site_id, kind, section, sort_key, key);
create index current_placements_by_change on current_placements (environment_id, effective_at, artifact_id);
`;

/** As sortKey did on that day. */
function sortKey(key: string): string {
  const sorting = key.replace(/\d+/g, (run) => {
    const digits = run.replace(/^0+(?=\d)/, "");
    return `${String(digits.length).padStart(2, "0")}${digits}`;
  });
  return sorting.slice(0, 200).toWellFormed();
}
