import { type RawBuilder, sql } from "kysely";
import { type Database, isPostgres } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { notFound } from "../errors.ts";
import { addMs } from "../time/add.ts";

export interface Job {
  id: string;
  site_id: string;
  /** Names its handler. */
  kind: string;
  /** What it is about, such as the id of a promotion. */
  ref: string;
  /** Which attempt this is: 1 for the first. */
  attempts: number;
  /** Until when nobody else takes it, ISO 8601 UTC. */
  lease_until: string;
}

const leaseMs = 5 * 60_000;

/** After so many attempts, which take three days, a job has failed, and waits for an administrator. */
export const maxAttempts = 22;

/** Writes a job in the transaction that causes it, so that neither is there without the other. `run_at`: ISO 8601 UTC. */
export async function enqueue(
  trx: Database,
  job: { site_id: string; kind: string; ref: string; run_at: string },
): Promise<string> {
  const id = newId(Date.parse(job.run_at));
  await trx
    .insertInto("jobs")
    .values({ id, ...job })
    .execute();
  return id;
}

/** SQL that says of a row of `jobs` to which lane it belongs: lanes wait for nobody else's jobs. */
export type LaneOf = RawBuilder<string>;

const isDue = (kinds: string[], now: string) => sql<boolean>`
  done_at is null and run_at <= ${now} and (lease_until is null or lease_until <= ${now})
  and attempts < ${maxAttempts} and kind in (${sql.join(kinds)})`;

/** The lanes that have jobs of these kinds that are due. */
export async function dueLanes(db: Database, kinds: string[], laneOf: LaneOf, now: string): Promise<string[]> {
  const lanes = sql<{ lane: string }>`select distinct ${laneOf} as lane from jobs where ${isDue(kinds, now)}`;
  return (await lanes.execute(db)).rows.map(({ lane }) => lane);
}

/**
 * Takes the job of these kinds, and of a lane if there is one, that has been due for longest, for five minutes; undefined if
 * none is due. One statement, so that two servers never take the same one. A job whose server was killed is taken again when
 * its lease has run out.
 */
export async function takeJob(
  db: Database,
  kinds: string[],
  now: string,
  lane?: { of: LaneOf; name: string },
): Promise<Job | undefined> {
  if (!kinds.length) return;
  const { rows } = await sql<Job>`
    update jobs set lease_until = ${addMs(now, leaseMs)}, attempts = attempts + 1
    where id = (
      select id from jobs
      where ${isDue(kinds, now)} ${lane ? sql`and ${lane.of} = ${lane.name}` : sql``}
      order by run_at, id limit 1 ${isPostgres(db) ? sql`for update skip locked` : sql``})
    returning id, site_id, kind, ref, attempts, lease_until`.execute(db);
  return rows[0];
}

/** Marks a job as done. Does nothing if its lease ran out and another server took it. */
export async function finishJob(db: Database, { id, lease_until }: Job, now: string): Promise<void> {
  await db
    .updateTable("jobs")
    .set({ done_at: now, lease_until: null, last_error: null })
    .where("id", "=", id)
    .where("lease_until", "=", lease_until)
    .execute();
}

/** How long a job that is done is kept. */
export const keptDays = 30;

/** Removes the jobs that were done more than 30 days ago. `now`: ISO 8601 UTC. */
export async function removeDoneJobs(db: Database, now: string): Promise<void> {
  await db
    .deleteFrom("jobs")
    .where("done_at", "<", addMs(now, -keptDays * 24 * 3_600_000))
    .execute();
}

const firstPauseMs = 30_000;
const longestPauseMs = 6 * 3_600_000;

/**
 * Gives a job back after an error, to be tried again after a pause: 30 seconds, then twice as long each time, up to six hours,
 * and up to a tenth more, so that what failed together is not tried together.
 */
export async function retryJob(db: Database, job: Job, error: string, now: string): Promise<void> {
  const pauseMs = Math.min(firstPauseMs * 2 ** (job.attempts - 1), longestPauseMs);
  await db
    .updateTable("jobs")
    .set({
      last_error: error.slice(0, 2000),
      lease_until: null,
      run_at: addMs(now, Math.round(pauseMs * (1 + Math.random() / 10))),
    })
    .where("id", "=", job.id)
    .where("lease_until", "=", job.lease_until)
    .execute();
}

/** Tries a failed job of a site again, from its first attempt on. Throws a Refusal with 404 if it has not failed. */
export async function runAgain(db: Database, siteId: string, id: string, now: string): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("jobs")
    .set({ attempts: 0, run_at: now, lease_until: null })
    .where("id", "=", id)
    .where("site_id", "=", siteId)
    .where("done_at", "is", null)
    .where("attempts", ">=", maxAttempts)
    .executeTakeFirstOrThrow();
  if (!numUpdatedRows) notFound("failed job");
}

/**
 * Makes the job about something due now, from its first attempt on, unless it is running. False if there is none that is
 * not done. So what is asked for twice is not done by two servers at once.
 */
export async function runNow(
  trx: Database,
  { site_id, kind, ref }: Pick<Job, "site_id" | "kind" | "ref">,
  now: string,
): Promise<boolean> {
  const open = trx.selectFrom("jobs").select("id").where("site_id", "=", site_id).where("done_at", "is", null);
  const ids = (await open.where("kind", "=", kind).where("ref", "=", ref).execute()).map(({ id }) => id);
  if (!ids.length) return false;
  await trx
    .updateTable("jobs")
    .set({ attempts: 0, run_at: now, lease_until: null })
    .where("id", "in", ids)
    .where((eb) => eb.or([eb("lease_until", "is", null), eb("lease_until", "<=", now)]))
    .execute();
  return true;
}

export type ListedJob = Awaited<ReturnType<typeof listJobs>>["open"][number];

/** A site's jobs that are not done, those that are due first at the top, and the last ones that were done. */
export async function listJobs(db: Database, siteId: string, limit: number) {
  const jobs = db.selectFrom("jobs").selectAll().where("site_id", "=", siteId).limit(limit);
  return {
    open: await jobs.where("done_at", "is", null).orderBy("run_at").execute(),
    done: await jobs.where("done_at", "is not", null).orderBy("done_at", "desc").execute(),
  };
}
