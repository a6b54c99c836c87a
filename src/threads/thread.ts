// A thread of its own, with a database connection of its own: does what `threads.ts` tells it to, one after the other.
import { setTimeout } from "node:timers/promises";
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

/** Who waits for the lock in another connection asks for it every millisecond, and is to get it between two of these. */
const gap = 5;

async function carryOut({ id, verb, args }: Task): Promise<void> {
  const work = verbs[verb] as (...all: unknown[]) => Promise<unknown>;
  try {
    parentPort?.postMessage({ id, answer: await work(db, ...args) });
  } catch (error) {
    parentPort?.postMessage({ id, error: plain(error) });
  }
  handle.pragma("wal_checkpoint(passive)");
  await setTimeout(gap);
}

let before = Promise.resolve();
parentPort?.on("message", (task: Task) => {
  // where there is no room to move the log, it stays where it is until there is
  before = before.then(() => carryOut(task)).catch(console.error);
});
