// A thread of its own, with a database connection of its own: does what `threads.ts` tells it to.
import { parentPort, workerData } from "node:worker_threads";
import SQLite from "better-sqlite3";
import { fileOf, openDatabase } from "../database/open.ts";
import type { Task } from "./threads.ts";
import { plain } from "./thrown.ts";
import { verbs } from "./verbs.ts";

const databaseUrl = workerData as string;
const handle = new SQLite(fileOf(databaseUrl));
const db = openDatabase(databaseUrl, handle);
// an import touches a page or more for each of its lines, and they are to be touched in memory
handle.pragma("cache_size = -256000");
// what it wrote is moved from the log to its place after the answer, not before
handle.pragma("wal_autocheckpoint = 0");

parentPort?.on("message", async ({ id, verb, args }: Task) => {
  const work = verbs[verb] as (...all: unknown[]) => Promise<unknown>;
  try {
    parentPort?.postMessage({ id, answer: await work(db, ...args) });
  } catch (error) {
    parentPort?.postMessage({ id, error: plain(error) });
  }
  // while another one is being carried out it cannot be, and is when that has ended
  if (!handle.inTransaction) handle.pragma("wal_checkpoint(passive)");
});
