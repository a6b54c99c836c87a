import { sql } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

/** Locks of a transaction on PostgreSQL, held until it ends. SQLite has one writer at a time anyway, and needs none. */

/** Lets the writers of one site run one after another. */
export async function lockSite(trx: Database, siteId: string): Promise<void> {
  if (isPostgres(trx)) await trx.selectFrom("sites").select("id").where("id", "=", siteId).forUpdate().execute();
}

/** Makes the second of two requests with one key wait for the first, even if there is no site yet to lock. */
export async function lockPerson(trx: Database, personId: string): Promise<void> {
  if (isPostgres(trx))
    await trx.selectFrom("people").select("id").where("id", "=", personId).forNoKeyUpdate().execute();
}

/** Keeps others from writing to the tables, and from locking them in the same way; they can still read. */
export async function lockTables(trx: Database, tables: string[]): Promise<void> {
  if (isPostgres(trx))
    await sql`lock table ${sql.join(tables.map((name) => sql.table(name)))} in share row exclusive mode`.execute(trx);
}
