import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../src/database/connect.ts";
import { enqueue, maxAttempts, takeJob } from "../src/jobs/queue.ts";
import { type JobHandlers, runDueJobs, startWorker } from "../src/jobs/worker.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const add = (ref: string, run_at = w.clock.at, db: Database = w.db) =>
  enqueue(db, { site_id: w.site.id, kind: "greet", ref, run_at });

/** Remembers what it was called for, and throws for a ref such as "fails". */
function greeter() {
  const greeted: string[] = [];
  const handlers: JobHandlers = {
    greet: async (_db, { ref }) => {
      if (ref === "fails") throw new Error("Nobody is there.");
      greeted.push(ref);
    },
  };
  return { greeted, run: (db: Database = w.db) => runDueJobs(db, handlers, () => w.clock.at), handlers };
}

const later = (ms: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + ms).toISOString();
};

test("due jobs run once, those that have been due for longest first, and others when they are due", async () => {
  const { greeted, run } = greeter();
  await add("second");
  await add("first", "2026-03-03T09:00:00.000Z");
  await add("tomorrow", "2026-03-04T10:00:00.000Z");
  await enqueue(w.db, { site_id: w.site.id, kind: "unknown", ref: "left alone", run_at: w.clock.at });
  expect(await run()).toBe(2);
  expect(await run()).toBe(0);
  expect(greeted).toEqual(["first", "second"]);
  w.clock.at = "2026-03-04T10:00:00.000Z";
  await run();
  expect(greeted).toEqual(["first", "second", "tomorrow"]);
});

test("a job of a transaction that is rolled back is not there", async () => {
  const { run } = greeter();
  const work = w.db.transaction().execute(async (trx) => {
    await add("never", w.clock.at, trx);
    throw new Error("undone");
  });
  await expect(work).rejects.toThrow("undone");
  expect(await run()).toBe(0);
});

test("a job that fails is tried again after growing pauses, without stopping the others", async () => {
  const { greeted, run } = greeter();
  await add("fails");
  await add("other");
  expect(await run()).toBe(2);
  expect(greeted).toEqual(["other"]);
  later(29_000);
  expect(await run()).toBe(0);
  later(4_000);
  expect(await run()).toBe(1);
  later(59_000);
  expect(await run()).toBe(0);
  later(7_000);
  expect(await run()).toBe(1);
});

test("an administrator sees what failed at last, and runs it again", async () => {
  const { run } = greeter();
  await add("fails");
  await add("works");
  await add("tomorrow", "2026-03-30T10:00:00.000Z");
  for (let i = 0; i < maxAttempts; i++) {
    await run();
    later(7 * 3_600_000);
  }
  const iris = w.as("iris");
  const page = await (await iris.get("/sites/shop/settings/jobs")).text();
  expect(page).toMatch(/Failed<\/caption>.*fails.*Nobody is there\..*Run again/s);
  expect(page).toMatch(/Waiting<\/caption>.*tomorrow/s);
  expect(page).toMatch(/Done, newest first<\/caption>.*works/s);
  const { id } = await w.db.selectFrom("jobs").select("id").where("ref", "=", "fails").executeTakeFirstOrThrow();
  const again = `/sites/shop/settings/jobs/${id}/again`;
  expect((await w.as("ada").post(again)).status).toBe(403);
  expect((await w.as("oskar").post(again)).status).toBe(404);
  expect(await (await iris.submit(again)).text()).toContain("It will be tried again.");
  expect((await iris.post(again)).status).toBe(404);
  expect(await run()).toBe(1);
});

test("a job that is done is listed for 30 days, and one that failed until somebody runs it again", async () => {
  const { run } = greeter();
  await add("works");
  await add("fails");
  await run();
  const refs = async () => (await w.db.selectFrom("jobs").select("ref").orderBy("ref").execute()).map(({ ref }) => ref);
  later(30 * 24 * 3_600_000);
  await run();
  expect(await refs()).toEqual(["fails", "works"]);
  later(1);
  await run();
  expect(await refs()).toEqual(["fails"]);
  const page = await (await w.as("iris").get("/sites/shop/settings/jobs")).text();
  expect(page).toContain("Jobs that are done are listed for 30 days.");
});

test("a job whose server was killed runs again when its lease has run out, and its late end counts for nothing", async () => {
  const { greeted, run } = greeter();
  await add("interrupted");
  expect(await takeJob(w.db, ["greet"], w.clock.at)).toMatchObject({ ref: "interrupted", attempts: 1 });
  expect(await run()).toBe(0);
  later(5 * 60_000);
  expect(await run()).toBe(1);
  expect(greeted).toEqual(["interrupted"]);
  const row = await w.db.selectFrom("jobs").selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ attempts: 2, lease_until: null, done_at: w.clock.at });
});

test("a server that was slower than its lease does not undo what another one did meanwhile", async () => {
  await add("slow");
  const slow = runDueJobs(
    w.db,
    {
      greet: async () => {
        later(5 * 60_000);
        expect(await greeter().run()).toBe(1);
        throw new Error("too late");
      },
    },
    () => w.clock.at,
  );
  expect(await slow).toBe(1);
  const row = await w.db.selectFrom("jobs").selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ attempts: 2, last_error: null, done_at: w.clock.at });
});

test("a job runs at the moment for which it was taken, though the clock is set back meanwhile", async () => {
  const due = "2026-03-03T10:00:00.000Z";
  await add("once", due);
  const clock = [due, "2026-03-03T09:59:59.000Z"];
  const times: string[] = [];
  const handlers: JobHandlers = { greet: async (_db, _job, now) => void times.push(now) };
  await runDueJobs(w.db, handlers, () => clock.shift() ?? due);
  expect(times).toEqual([due]);
});

test("two servers never run the same job", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const servers = [openDatabase(url), openDatabase(url)] as const;
  const [db] = servers;
  const shop = await world(Promise.resolve({ db, close: async () => undefined }));
  for (let i = 0; i < 40; i++)
    await enqueue(db, { site_id: shop.site.id, kind: "greet", ref: `${i}`, run_at: w.clock.at });
  const { greeted, run } = greeter();
  const [first, second] = await Promise.all(servers.map((server) => run(server)));
  expect((first ?? 0) + (second ?? 0)).toBe(40);
  expect(new Set(greeted).size).toBe(40);
  await Promise.all(servers.map((server) => server.destroy()));
  await drop();
});

test("the worker runs what is due, and stops after the job that it runs", async () => {
  let stop: () => Promise<void> = async () => undefined;
  const ran: string[] = [];
  await add("first", "2026-03-03T09:00:00.000Z");
  await add("second");
  await new Promise<void>((resolve) => {
    const greet = async (_db: Database, { ref }: { ref: string }) => {
      ran.push(ref);
      void stop().then(resolve);
    };
    stop = startWorker(w.db, { greet });
  });
  expect(ran).toEqual(["first"]);
  const open = await w.db.selectFrom("jobs").select("ref").where("done_at", "is", null).execute();
  expect(open).toEqual([{ ref: "second" }]);
});

test("lanes wait for nobody else's jobs, even new ones, and each runs its own one after another", async () => {
  for (const [i, ref] of ["slow 1", "slow 2", "quick 1", "quick 2"].entries())
    await add(ref, `2026-03-03T09:0${i}:00.000Z`);
  const [late, all] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const began: string[] = [];
  const ended: string[] = [];
  const greet = async (_db: Database, { ref }: { ref: string }) => {
    began.push(ref);
    if (ref === "quick 2") await add("late 1");
    if (ref === "late 1") late.resolve();
    // it would wait for ever if the others waited for it
    if (ref === "slow 1") await late.promise;
    ended.push(ref);
    if (ended.length === 5) all.resolve();
  };
  const laneOf = sql<string>`substr(jobs.ref, 1, 4)`;
  const stop = startWorker(w.db, { greet }, { pauseMs: 1, laneOf });
  await all.promise;
  await stop();
  expect(began.filter((ref) => ref.startsWith("slow"))).toEqual(["slow 1", "slow 2"]);
  expect(ended.indexOf("late 1")).toBeLessThan(ended.indexOf("slow 1"));
  expect(began.indexOf("slow 2")).toBeGreaterThan(began.indexOf("late 1"));
  expect(new Set(began).size).toBe(5);
});

test("a worker that is stopped waits for the running job of each lane", async () => {
  await add("a1");
  await add("b1");
  const [both, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let running = 0;
  const greet = async () => {
    if (++running === 2) both.resolve();
    await go.promise;
  };
  const stop = startWorker(w.db, { greet }, { laneOf: sql<string>`jobs.ref` });
  await both.promise;
  const stopped = stop();
  go.resolve();
  await stopped;
  expect(await w.db.selectFrom("jobs").select("ref").where("done_at", "is", null).execute()).toEqual([]);
});
