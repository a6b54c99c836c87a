import { Worker } from "node:worker_threads";
import { holdsMore } from "../promotions/queries.ts";
import { type Plain, thrown } from "./thrown.ts";
import { type Verbs, verbs } from "./verbs.ts";

export type Task = { id: number; verb: keyof Verbs; args: unknown[] };
type Answer = { id: number; answer: unknown } | { id: number; error: Plain };

/** So many lines hold the event loop for some 20 ms. */
const few = 500;
/** How long the thread waits for more to do, in milliseconds: it takes as much memory as the server. */
const patience = 60_000;

/**
 * The verbs, of which those that are about many lines are carried out in a thread beside the event loop. SQLite works
 * in the thread that asks it, and what it writes in the end, at once, can be a hundred megabytes.
 */
export function inThread(databaseUrl: string): { verbs: Verbs; close: () => Promise<void> } {
  const thread = new Thread(databaseUrl);
  const beside: Verbs = {
    record: (db, ...args) => (args[3].placements.length > few ? thread.run("record", args) : verbs.record(db, ...args)),
    complete: async (db, ...args) => {
      const [, site, number] = args;
      const long = await holdsMore(db, site.id, number, few);
      return long ? thread.run("complete", args) : verbs.complete(db, ...args);
    },
  };
  return { verbs: beside, close: () => thread.end() };
}

/** Started when it is needed, and ended when it has not been for a while. */
class Thread {
  readonly #databaseUrl: string;
  readonly #running = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | undefined;
  #count = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  run<Verb extends keyof Verbs>(verb: Verb, args: unknown[]): ReturnType<Verbs[Verb]> {
    clearTimeout(this.#idle);
    const id = ++this.#count;
    const running = Promise.withResolvers<unknown>();
    this.#running.set(id, running);
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, verb, args } satisfies Task);
    return running.promise as ReturnType<Verbs[Verb]>;
  }

  #start(): Worker {
    const worker = new Worker(new URL("thread.ts", import.meta.url), { workerData: this.#databaseUrl });
    // the server waits for its requests, and they for this
    worker.unref();
    worker.on("message", (answer: Answer) => this.#answered(answer));
    worker.on("error", (error) => this.#failed(error));
    return worker;
  }

  #answered(told: Answer): void {
    const running = this.#running.get(told.id);
    this.#running.delete(told.id);
    if ("error" in told) running?.reject(thrown(told.error));
    else running?.resolve(told.answer);
    if (!this.#running.size) this.#idle = setTimeout(() => void this.end(), patience).unref();
  }

  /** Its connection is closed on the way. */
  async end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** The thread is no more; what it did not answer is not known to be done. */
  #failed(error: unknown): void {
    this.#worker = undefined;
    for (const running of this.#running.values()) running.reject(error);
    this.#running.clear();
  }
}
