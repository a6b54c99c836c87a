import { setTimeout } from "node:timers/promises";
import type { Database } from "../database/connect.ts";
import { logError } from "../log.ts";
import { dueLanes, finishJob, type Job, type LaneOf, removeDoneJobs, retryJob, takeJob } from "./queue.ts";

/**
 * Carries out a job, and throws if it could not. A job is repeated if its server was killed before it was marked as done,
 * so that doing it twice must be the same as doing it once.
 */
type JobHandler = (db: Database, job: Job, now: string) => Promise<void>;

/** By the kinds of jobs. Those of other kinds are left alone. */
export type JobHandlers = Record<string, JobHandler>;

/**
 * Runs all jobs that are due, or those of a lane, one after another, and returns how many were taken. An error of one does not
 * stop the others. Then removes those that were done long ago.
 */
export async function runDueJobs(
  db: Database,
  handlers: JobHandlers,
  now: () => string,
  isStopping = () => false,
  lane?: { of: LaneOf; name: string },
): Promise<number> {
  let taken = 0;
  for (; !isStopping(); taken++) {
    const takenAt = now();
    const job = await takeJob(db, Object.keys(handlers), takenAt, lane);
    if (!job) {
      await removeDoneJobs(db, takenAt);
      break;
    }
    await runJob(db, handlers[job.kind] as JobHandler, job, takenAt, now);
  }
  return taken;
}

/** `takenAt`, when the job was due, is its time: if the clock was set back since, it would not be due, and be done for nothing. */
async function runJob(db: Database, handler: JobHandler, job: Job, takenAt: string, now: () => string): Promise<void> {
  try {
    await handler(db, job, takenAt);
  } catch (error) {
    return retryJob(db, job, error instanceof Error ? error.message : String(error), now());
  }
  await finishJob(db, job, now());
}

interface WorkerOptions {
  pauseMs?: number;
  prepare?: (now: string) => Promise<void>;
  laneOf?: LaneOf;
}

/**
 * Looks for due jobs now and every `pauseMs`, each time after `prepare`, which may add some. They run one after another;
 * with `laneOf` only those of one lane do, and the lanes at the same time. Returns a function that stops it once the running
 * jobs have ended.
 */
export function startWorker(
  db: Database,
  handlers: JobHandlers,
  { pauseMs = 5_000, prepare = async () => {}, laneOf }: WorkerOptions = {},
): () => Promise<void> {
  const stopping = new AbortController();
  const now = () => new Date().toISOString();
  const logFailure = (error: unknown) => logError("Background work could not be read:", error);
  const run = (lane?: { of: LaneOf; name: string }) =>
    runDueJobs(db, handlers, now, () => stopping.signal.aborted, lane);
  const busy = new Map<string, Promise<unknown>>();
  const startLanes = async (of: LaneOf) => {
    for (const name of await dueLanes(db, Object.keys(handlers), of, now())) {
      if (busy.has(name)) continue;
      const ended = run({ of, name }).catch(logFailure);
      busy.set(
        name,
        ended.finally(() => busy.delete(name)),
      );
    }
  };
  const work = async () => {
    while (!stopping.signal.aborted) {
      await prepare(now())
        .then((): Promise<unknown> => (laneOf ? startLanes(laneOf) : run()))
        .catch(logFailure);
      // does not keep the process alive, and ends when the worker is stopped
      await setTimeout(pauseMs, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
    }
  };
  const ended = work();
  return async () => {
    stopping.abort();
    await ended;
    await Promise.all(busy.values());
  };
}
