import { type Kysely, sql } from "kysely";
import { ddl } from "./ddl.ts";

/**
 * The filters' text of each artifact, folded by this process: the engines' own `lower` folds only a to z on SQLite, and
 * on PostgreSQL what its locale says.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table artifacts add column folded text not null default '';");
  for (let after = ""; ; ) {
    const rows = await db
      .selectFrom("artifacts")
      .select(["id", "key", "title"])
      .where("id", ">", after)
      .orderBy("id")
      .limit(500)
      .execute();
    if (!rows.length) break;
    const values = rows.map(({ id, key, title }) => sql`(${id}, ${folded(`${key}\n${title ?? ""}`)})`);
    await sql`
      with told (id, folded) as (values ${sql.join(values)})
      update artifacts set folded = told.folded from told where artifacts.id = told.id`.execute(db);
    after = rows.at(-1)?.id as string;
  }
  // both forms of the Greek s are one letter to the search
  await sql`update search_entries set words = replace(words, 'ς', 'σ') where words like '%ς%'`.execute(db);
}

/** As foldText did on that day. */
function folded(text: string): string {
  const lower = text.normalize("NFKC").toUpperCase().toLowerCase();
  return lower
    .replaceAll("ς", "σ")
    .replace(/i\u0307/g, "i")
    .normalize("NFC");
}
