import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../../src/database/connect.ts";
import { migrate } from "../../src/database/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The test server's URL, with DATABASE where a database's name goes. */
    postgres: string;
  }
}

/** One server for a run of the `postgres` project, and in it a database, migrated once, that every other is copied from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await startServer();
  await administer(url).query("create database template");
  const db = openDatabase(url.replace("DATABASE", "template"));
  await migrate(db);
  await db.destroy();
  project.provide("postgres", url);
  return stop;
}

/** A PostgreSQL of its own, whose URL has DATABASE where a database's name goes. `kill` ends once it runs again. */
export async function startServer(...options: "--durable"[]) {
  const script = fileURLToPath(new URL("postgres-server.ts", import.meta.url));
  // Detached: Ctrl-C reaches the tests alone, and the pipe they held ends the server.
  const server = spawn(process.execPath, [script, ...options], { stdio: ["pipe", "pipe", "inherit"], detached: true });
  const ended = once(server, "exit");
  const ready = async () => {
    const failed = ended.then(() => Promise.reject(new Error("PostgreSQL did not start; what it said stands above.")));
    failed.catch(() => undefined);
    const [line] = await Promise.race([once(server.stdout, "data"), failed]);
    return String(line).trim();
  };
  const url = await ready();
  const kill = async () => {
    server.stdin.write("kill\n");
    await ready();
  };
  const stop = async () => {
    server.stdin.end();
    await ended;
  };
  return { url, stop, kill };
}

/** A copy of the migrated database. By copying its files, which is several times as fast as PostgreSQL's own default. */
export async function createDatabase(
  server: string,
  name: string,
  template = "template",
): Promise<{ url: string; drop: () => Promise<void> }> {
  const administrator = administer(server);
  await administrator.query(`create database ${name} template ${template} strategy file_copy`);
  return { url: server.replace("DATABASE", name), drop: () => drop(administrator, name) };
}

async function drop(administrator: pg.Pool, name: string): Promise<void> {
  const connected = () => administrator.query("select from pg_stat_activity where datname = $1", [name]);
  // A closed pool's connections are still on their way out. Whoever forgot to close one hears of it by the force below.
  for (let tries = 0; tries < 1000 && (await connected()).rowCount; tries++);
  await administrator.query(`drop database ${name} with (force)`);
}

let administrator: pg.Pool | undefined;

/** One connection for each worker; it leaves with the worker, or without a word when the server stops first. */
function administer(server: string): pg.Pool {
  administrator ??= new pg.Pool({
    connectionString: server.replace("DATABASE", "postgres"),
    max: 1,
    allowExitOnIdle: true,
  }).on("error", () => undefined);
  return administrator;
}
