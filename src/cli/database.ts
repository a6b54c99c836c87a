import { existsSync } from "node:fs";
import { readConfig } from "../config.ts";
import { type Database, fileOf } from "../database/connect.ts";
import { CannotWrite } from "../database/copy/atomic-file.ts";
import { openMigrated } from "../database/ready.ts";
import { Misconfigured } from "../errors.ts";
import { CommandError } from "./command.ts";

/** Runs `work` on the database that DATABASE_URL names, brings its schema up to date first, and closes it afterwards. */
export async function onDatabase<T>(
  env: Record<string, string | undefined>,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  let db: Database | undefined;
  try {
    db = await openMigrated(databaseUrl(env));
    return await work(db);
  } catch (error) {
    throw asCommandError(error);
  } finally {
    await db?.destroy();
  }
}

function databaseUrl(env: Record<string, string | undefined>): string {
  try {
    return readConfig(env).databaseUrl;
  } catch (error) {
    throw asCommandError(error);
  }
}

/** DATABASE_URL of a database that exists: opening a missing SQLite file would create an empty book. */
export function existingDatabaseUrl(env: Record<string, string | undefined>): string {
  const url = databaseUrl(env);
  if (url.startsWith("file:") && !existsSync(fileOf(url)))
    throw new CommandError(`There is no database ${fileOf(url)}. Check DATABASE_URL.`);
  return url;
}

function asCommandError(error: unknown): unknown {
  return error instanceof Misconfigured || error instanceof CannotWrite ? new CommandError(error.message) : error;
}
