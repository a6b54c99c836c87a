import { sql } from "kysely";
import { type Database, isPostgres } from "../../src/database/connect.ts";

/** Removes the triggers that refuse updates and deletes, as somebody with access to the database could. */
export async function unguard(db: Database, table: string): Promise<void> {
  const statements = isPostgres(db)
    ? [`alter table ${table} disable trigger user`]
    : ["update", "delete"].map((change) => `drop trigger if exists ${table}_refuse_${change}`);
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** The number of the site's event whose subject this is, such as "deployment 3". */
export async function eventOf(db: Database, siteId: string, action: string, subject?: string): Promise<number> {
  const query = db.selectFrom("events").select("seq").where("site_id", "=", siteId).where("action", "=", action);
  const event = await (subject ? query.where("subject", "=", subject) : query).orderBy("seq").executeTakeFirstOrThrow();
  return event.seq;
}
