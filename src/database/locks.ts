import { sql } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

/** Locks of a transaction on PostgreSQL, held until it ends. SQLite has one writer at a time anyway, and needs none. */

/** Lets the writers of one site run one after another. */
export async function lockSite(trx: Database, siteId: string): Promise<void> {
  if (isPostgres(trx)) await trx.selectFrom("sites").select("id").where("id", "=", siteId).forUpdate().execute();
}

/** The same for several sites, which the caller gives in the order of their ids, so that two of them do not wait for each other. */
export async function lockSites(trx: Database, sites: { id: string }[]): Promise<void> {
  for (const { id } of sites) await lockSite(trx, id);
}

/**
 * Makes the second of two requests with one key wait for the first, even if they are for two sites, or there is no site
 * yet. The lock is no row's: the rows of several people would be locked by transactions of several sites in any order.
 */
export async function lockRequest(trx: Database, personId: string, key: string): Promise<void> {
  if (isPostgres(trx)) await sql`select pg_advisory_xact_lock(hashtextextended(${personId + key}, 0))`.execute(trx);
}

/** Keeps others from writing to the tables, and from locking them in the same way; they can still read. */
export async function lockTables(trx: Database, tables: string[]): Promise<void> {
  if (isPostgres(trx))
    await sql`lock table ${sql.join(tables.map((name) => sql.table(name)))} in share row exclusive mode`.execute(trx);
}
