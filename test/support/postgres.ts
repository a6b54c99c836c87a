import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../../src/database/connect.ts";
import { migrate } from "../../src/database/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The test server's URL, with DATABASE in place of a database's name. */
    postgres: string;
  }
}

/** Starts one server for all tests on PostgreSQL, with a migrated database from which all others are copied. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await startServer();
  await administer(url).query("create database template");
  const db = openDatabase(url.replace("DATABASE", "template"));
  await migrate(db);
  await db.destroy();
  project.provide("postgres", url);
  return stop;
}

/** Starts PostgreSQL; its URL has DATABASE in place of a database's name. `kill` resolves once it is running again. */
export async function startServer(...options: "--durable"[]) {
  const script = fileURLToPath(new URL("postgres-server.ts", import.meta.url));
  // detached: Ctrl-C reaches only the tests, and the server ends when their pipe closes
  const server = spawn(process.execPath, [script, ...options], { stdio: ["pipe", "pipe", "inherit"], detached: true });
  const ended = once(server, "exit");
  const ready = async () => {
    const failed = ended.then(() => Promise.reject(new Error("PostgreSQL did not start; its log is above.")));
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

/** Copies the migrated database by its files, which is several times as fast as PostgreSQL's default. */
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
  // a closed pool's connections take a moment to end; a test that forgot to close one fails by the force below
  for (let attempts = 0; attempts < 1000 && (await connected()).rowCount; attempts++);
  await administrator.query(`drop database ${name} with (force)`);
}

let administrator: pg.Pool | undefined;

/** One connection for each worker. It ends with the worker; if the server stops first, that is no error. */
function administer(server: string): pg.Pool {
  administrator ??= new pg.Pool({
    connectionString: server.replace("DATABASE", "postgres"),
    max: 1,
    allowExitOnIdle: true,
  }).on("error", () => undefined);
  return administrator;
}
