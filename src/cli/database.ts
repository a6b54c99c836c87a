import { Misconfigured, readConfig } from "../config.ts";
import type { Database } from "../database/connect.ts";
import { openReady } from "../database/ready.ts";
import { CouldNot } from "./command.ts";

/** Works on the database that DATABASE_URL names, its schema up to date, and closes it. */
export async function onDatabase<T>(
  env: Record<string, string | undefined>,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await opened(env);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

async function opened(env: Record<string, string | undefined>): Promise<Database> {
  try {
    return await openReady(databaseUrl(env));
  } catch (error) {
    throw asCouldNot(error);
  }
}

export function databaseUrl(env: Record<string, string | undefined>): string {
  try {
    return readConfig(env).databaseUrl;
  } catch (error) {
    throw asCouldNot(error);
  }
}

const asCouldNot = (error: unknown) => (error instanceof Misconfigured ? new CouldNot(error.message) : error);
