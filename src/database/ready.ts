import { Misconfigured } from "../errors.ts";
import { type Database, openDatabase } from "./connect.ts";
import { migrate } from "./migrate.ts";

/** Opens a database and brings its schema up to date. Throws Misconfigured, saying what to check, if that fails. */
export async function openMigrated(url: string): Promise<Database> {
  let db: Database | undefined;
  try {
    db = openDatabase(url);
    await migrate(db);
    return db;
  } catch (error) {
    await db?.destroy().catch(() => undefined);
    const reason = error instanceof AggregateError ? error.errors[0] : error;
    throw new Misconfigured(
      `The database ${withoutPassword(url)} cannot be used: ${reason instanceof Error ? reason.message : reason}. Check DATABASE_URL.`,
    );
  }
}

export function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ":…@");
}
