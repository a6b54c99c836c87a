// A thread of its own, with a database connection of its own: does what `threads.ts` tells it to.
import { parentPort, workerData } from "node:worker_threads";
import { openDatabase } from "../database/open.ts";
import type { Task } from "./threads.ts";
import { plain } from "./told.ts";
import { verbs } from "./verbs.ts";

const db = openDatabase(workerData as string);

parentPort?.on("message", async ({ id, verb, args }: Task) => {
  const work = verbs[verb] as (...all: unknown[]) => Promise<unknown>;
  try {
    parentPort?.postMessage({ id, answer: await work(db, ...args) });
  } catch (error) {
    parentPort?.postMessage({ id, error: plain(error) });
  }
});
