import type { Database } from "./connect.ts";

/** Runs `work` on the database as it is at one moment; others can write meanwhile. */
export function snapshot<T>(db: Database, work: (db: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  return db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(work);
}
