import { readFile } from "node:fs/promises";
import { setImmediate, setTimeout } from "node:timers/promises";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Database, openDatabase } from "../src/database/connect.ts";
import { snapshot } from "../src/database/snapshot.ts";
import { Writer } from "../src/database/sqlite/writer.ts";
import { engine, freshDatabaseUrl } from "./support/database.ts";

let fresh: { url: string; drop: () => Promise<void> };
/** Sitebook's own, and that of another process. */
let db: Database;
let other: Database;
beforeEach(async () => {
  fresh = await freshDatabaseUrl();
  [db, other] = [openDatabase(fresh.url), openDatabase(fresh.url)];
  expect([await seen(db), await seen(other)]).toEqual([[], []]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([db.destroy(), other.destroy()]);
  await fresh.drop();
});

/** Any table will do: this one takes whatever it is given. */
const row = (hash: string) => ({ hash, purpose: "setup" as const, person_id: null, expires_at: "", used_at: null });
const write = (on: Database, hash: string) => on.insertInto("links").values(row(hash)).execute();

async function seen(on: Database): Promise<string[]> {
  const rows = await on.selectFrom("links").select("hash").orderBy("hash").execute();
  return rows.map(({ hash }) => hash);
}

/** A transaction that writes this, and then is open until it is let go, or fails. */
function holding(on: Database, hash: string) {
  const wrote = Promise.withResolvers<void>();
  const end = Promise.withResolvers<Error | undefined>();
  const story = { answered: false, wrote: wrote.promise, letGo: () => end.resolve(undefined), fail: end.resolve };
  const done = on.transaction().execute(async (trx) => {
    await write(trx, hash);
    wrote.resolve();
    const failure = await end.promise;
    if (failure) throw failure;
  });
  const settled = done.finally(() => {
    story.answered = true;
  });
  settled.catch(() => undefined);
  return Object.assign(story, { done: settled });
}

test("who reads does not wait for who writes, and sees nothing half done", async () => {
  const open = holding(db, "a");
  await open.wrote;
  expect(await seen(db)).toEqual([]);
  expect(await snapshot(db, seen)).toEqual([]);
  expect(await seen(other)).toEqual([]);
  open.letGo();
  await open.done;
  expect([await seen(db), await snapshot(db, seen), await seen(other)]).toEqual([["a"], ["a"], ["a"]]);
});

test("who writes does not wait for who reads, and who reads sees one moment throughout", async () => {
  await write(db, "a");
  await snapshot(db, async (at) => {
    expect(await seen(at)).toEqual(["a"]);
    await write(db, "b");
    await write(other, "c");
    expect(await seen(at)).toEqual(["a"]);
    expect(await snapshot(at, seen)).toEqual(["a"]);
  });
  expect(await snapshot(db, seen)).toEqual(["a", "b", "c"]);
});

test("who only reads cannot write", async () => {
  await expect(snapshot(db, (at) => write(at, "a"))).rejects.toThrow(/read-?only/);
  expect(await seen(db)).toEqual([]);
});

test("what is answered is there for everyone", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `name ${i}`);
  const answers = names.map(async (name) => {
    await write(db, name);
    expect(await seen(other)).toContain(name);
    expect(await seen(db)).toContain(name);
  });
  await Promise.all(answers);
});

test("of transactions at the same moment one fails, and the others stay", async () => {
  const [a, b, c] = [holding(db, "a"), holding(db, "b"), holding(db, "c")];
  a.letGo();
  b.fail(new Error("No, not this one."));
  c.letGo();
  await expect(b.done).rejects.toThrow("No, not this one.");
  await Promise.all([a.done, c.done]);
  await expect(write(db, "c")).rejects.toThrow(/unique/i);
  expect(await seen(other)).toEqual(["a", "c"]);
});

test("who waits for another's lock lets everything else go on meanwhile, and then has his turn", async () => {
  const theirs = holding(other, "a");
  await theirs.wrote;
  const mine = holding(db, "a");
  mine.letGo();
  for (let turns = 0; turns < 20; turns++) await setTimeout(1);
  expect(mine.answered).toBe(false);
  theirs.fail(new Error("Changed their mind."));
  await expect(theirs.done).rejects.toThrow("Changed their mind.");
  await mine.done;
  expect(await seen(other)).toEqual(["a"]);
});

if (engine === "sqlite")
  describe("SQLite's one writer", () => {
    /** Stands at 0, or wherever it is put, so that nothing here depends on how fast the machine is. */
    const stopped = (at = 0) => vi.spyOn(performance, "now").mockReturnValue(at);
    /** Goes on by so many milliseconds whenever somebody looks. */
    const ticking = (by: number) => {
      let at = 0;
      vi.spyOn(performance, "now").mockImplementation(() => (at += by));
      return () => at;
    };
    const path = () => fresh.url.replace("file:", "");

    test("transactions that queue are committed together, and none is answered or seen before", async () => {
      stopped();
      const before = await commits(path());
      const [a, b, c] = [holding(db, "a"), holding(db, "b"), holding(db, "c")];
      a.letGo();
      await b.wrote;
      expect([a.answered, await seen(db), await seen(other)]).toEqual([false, [], []]);
      b.letGo();
      await c.wrote;
      expect([a.answered, b.answered, await seen(db), await seen(other)]).toEqual([false, false, [], []]);
      c.letGo();
      await a.done;
      expect([await seen(db), await seen(other)]).toEqual([
        ["a", "b", "c"],
        ["a", "b", "c"],
      ]);
      await Promise.all([b.done, c.done]);
      expect((await commits(path())) - before).toBe(1);
    });

    test("no more than 64 wait for each other", async () => {
      stopped();
      const before = await commits(path());
      await Promise.all(Array.from({ length: 100 }, (_, i) => write(db, `name ${i}`)));
      expect((await commits(path())) - before).toBe(2);
    });

    test("after 20 milliseconds nobody is kept waiting for one who came later", async () => {
      const clock = stopped();
      const [a, b] = [holding(db, "a"), holding(db, "b")];
      await a.wrote;
      clock.mockReturnValue(21);
      a.letGo();
      await a.done;
      await b.wrote;
      expect([b.answered, await seen(other)]).toEqual([false, ["a"]]);
      b.letGo();
      await b.done;
    });

    describe("on a disk that becomes full", () => {
      const much = "x".repeat(2_000_000);
      let full: Database;
      beforeEach(async () => {
        const handle = new SQLite(path());
        full = openDatabase(fresh.url, handle);
        const pages = handle.pragma("page_count", { simple: true }) as number;
        handle.pragma(`max_page_count = ${pages + 20}`);
      });
      afterEach(() => full.destroy());

      test("all that would have been committed together is refused, and the next goes through", async () => {
        stopped();
        const [a, b, c] = [holding(full, "a"), holding(full, much), holding(full, "c")];
        a.letGo();
        await expect(b.done).rejects.toMatchObject({ code: "SQLITE_FULL" });
        await expect(a.done).rejects.toMatchObject({ code: "SQLITE_FULL" });
        c.letGo();
        await c.done;
        expect([await seen(full), await seen(other)]).toEqual([["c"], ["c"]]);
      });

      test("who goes on regardless has not written half of it", async () => {
        const work = full.transaction().execute(async (trx) => {
          await write(trx, "a");
          await write(trx, much).catch(() => undefined);
          await write(trx, "b").catch(() => undefined);
        });
        await expect(work).rejects.toMatchObject({ code: "SQLITE_FULL" });
        expect([await seen(full), await seen(other)]).toEqual([[], []]);
      });
    });

    test("where the commit itself fails, nobody is told that it was done", async () => {
      stopped();
      await sql`create table promises (of text references links (hash) deferrable initially deferred)`.execute(db);
      const [a, b] = [
        holding(db, "a"),
        db.transaction().execute((trx) => sql`insert into promises values ('nothing')`.execute(trx)),
      ];
      a.letGo();
      for (const one of [a.done, b]) await expect(one).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_FOREIGNKEY" });
      expect(await seen(other)).toEqual([]);
      await write(db, "c");
      expect(await seen(other)).toEqual(["c"]);
    });

    test("what cannot be taken back alone is not committed with the others", async () => {
      stopped();
      const raw = new SQLite(path());
      let broken = true;
      const prepare = (text: string) => {
        if (broken && text.startsWith("rollback to")) throw new Error("The disk is full.");
        return raw.prepare(text);
      };
      const writer = new Writer({ raw, prepare });
      const put = (hash: string) =>
        raw.prepare("insert into links (hash, purpose, expires_at) values (?, 'setup', '')").run(hash);
      await writer.begin();
      const next = writer.begin();
      put("a");
      const first = writer.commit();
      await next;
      put("b");
      expect(() => writer.rollback()).toThrow("The disk is full.");
      await expect(first).rejects.toThrow("The disk is full.");
      broken = false;
      await writer.alone(() => put("c"));
      expect(await seen(other)).toEqual(["c"]);
      raw.close();
    });

    test("a lock that another process keeps for over 10 seconds is told of, to all who wait, and only then", async () => {
      const theirs = holding(other, "a");
      await theirs.wrote;
      const now = ticking(100);
      const mine = [holding(db, "b"), holding(db, "c"), holding(db, "d")];
      for (const one of mine) await expect(one.done).rejects.toMatchObject({ code: "SQLITE_BUSY" });
      expect(now()).toBeGreaterThan(10_000);
      expect(now()).toBeLessThan(20_000);
      const later = holding(db, "e");
      later.letGo();
      for (const before = now(); now() < before + 1000; ) await setTimeout(1);
      expect(later.answered).toBe(false);
      theirs.letGo();
      await Promise.all([theirs.done, later.done]);
      expect(await seen(db)).toEqual(["a", "e"]);
    });

    test("a query that comes too late for its transaction is not carried out without it", async () => {
      await setImmediate();
      ticking(100);
      const late: Promise<unknown>[] = [];
      const work = db.transaction().execute(async (trx) => {
        await write(trx, "a");
        late.push(...Array.from({ length: 20 }, (_, i) => write(trx, `late ${i}`)));
        throw new Error("Enough.");
      });
      await expect(work).rejects.toThrow("Enough.");
      await Promise.allSettled(late);
      expect(await seen(other)).toEqual([]);
    });

    test("a long transaction lets others go all the while, and their queries do not wait for its end", async () => {
      ticking(1);
      const between: number[] = [];
      let queries = 0;
      let over = false;
      const others = (async () => {
        for (; !over; await setImmediate()) {
          between.push(queries);
          queries = 0;
          expect(await seen(db)).toEqual([]);
        }
      })();
      await db.transaction().execute(async (trx) => {
        for (let i = 0; i < 200; i++, queries++) await write(trx, `line ${i}`);
        over = true;
        await others;
      });
      expect(between.length).toBeGreaterThan(10);
      expect(Math.max(...between)).toBeLessThan(30);
    });
  });

/** How many commits stand in the write-ahead log: its frames that say how large the database is after them. */
async function commits(path: string): Promise<number> {
  const log = await readFile(`${path}-wal`);
  if (!log.length) return 0;
  const page = log.readUInt32BE(8);
  let found = 0;
  for (let at = 32; at + 24 + page <= log.length; at += 24 + page) {
    const valid = log.compare(log, 16, 24, at + 8, at + 16) === 0;
    if (valid && log.readUInt32BE(at + 4)) found += 1;
  }
  return found;
}
