import { existsSync } from "node:fs";
import { readConfig } from "../config.ts";
import { type Database, fileOf } from "../database/connect.ts";
import { CannotWrite } from "../database/copy/atomic-file.ts";
import { openMigrated } from "../database/ready.ts";
import { Misconfigured } from "../errors.ts";
import { CommandError } from "./command.ts";

/** Works on the database that DATABASE_URL names, its schema up to date, and closes it. */
export async function onDatabase<T>(
  env: Record<string, string | undefined>,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await opened(env);
  try {
    return await work(db);
  } catch (error) {
    throw asCouldNot(error);
  } finally {
    await db.destroy();
  }
}

async function opened(env: Record<string, string | undefined>): Promise<Database> {
  try {
    return await openMigrated(databaseUrl(env));
  } catch (error) {
    throw asCouldNot(error);
  }
}

function databaseUrl(env: Record<string, string | undefined>): string {
  try {
    return readConfig(env).databaseUrl;
  } catch (error) {
    throw asCouldNot(error);
  }
}

/** The same, of a database that is there. A missing SQLite file would be created when it is opened, and its emptiness taken for the book. */
export function existingDatabaseUrl(env: Record<string, string | undefined>): string {
  const url = databaseUrl(env);
  if (url.startsWith("file:") && !existsSync(fileOf(url)))
    throw new CommandError(`There is no database ${fileOf(url)}. Check DATABASE_URL.`);
  return url;
}

function asCouldNot(error: unknown): unknown {
  return error instanceof Misconfigured || error instanceof CannotWrite ? new CommandError(error.message) : error;
}
