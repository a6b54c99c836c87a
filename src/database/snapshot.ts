import { sql } from "kysely";
import { type Database, isPostgres } from "./open.ts";

/** Reads everything as it was at one moment, beside whoever writes meanwhile. */
export function snapshot<T>(db: Database, work: (db: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  return db.connection().execute(async (one) => {
    await sql.raw(isPostgres(one) ? "begin isolation level repeatable read read only" : "begin").execute(one);
    try {
      return await work(one);
    } finally {
      await sql`rollback`.execute(one);
    }
  });
}
