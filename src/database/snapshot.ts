import type { Database } from "./connect.ts";

/** Reads everything as it was at one moment, beside whoever writes meanwhile. */
export function snapshot<T>(db: Database, work: (db: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  return db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(work);
}
