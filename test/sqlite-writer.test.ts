import { readFile } from "node:fs/promises";
import { setImmediate, setTimeout } from "node:timers/promises";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Database, openDatabase } from "../src/database/connect.ts";
import { snapshot } from "../src/database/snapshot.ts";
import { WritingHandle } from "../src/database/sqlite/writing-handle.ts";
import { Writer } from "../src/database/writer.ts";
import { engine, freshDatabaseUrl } from "./support/database.ts";

let fresh: { url: string; drop: () => Promise<void> };
/** Sitebook's database, and another connection to it, as another process has one. */
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

/** Any table will do: this one accepts any text. */
const row = (hash: string) => ({ hash, purpose: "setup" as const, person_id: null, expires_at: "", used_at: null });
const write = (on: Database, hash: string) => on.insertInto("links").values(row(hash)).execute();

async function seen(on: Database): Promise<string[]> {
  const rows = await on.selectFrom("links").select("hash").orderBy("hash").execute();
  return rows.map(({ hash }) => hash);
}

/** A transaction that writes this, and then stays open until it is released, or fails. */
function openTransaction(on: Database, hash: string) {
  const wrote = Promise.withResolvers<void>();
  const end = Promise.withResolvers<Error | undefined>();
  const state = { answered: false, wrote: wrote.promise, release: () => end.resolve(undefined), fail: end.resolve };
  const done = on.transaction().execute(async (trx) => {
    await write(trx, hash);
    wrote.resolve();
    const failure = await end.promise;
    if (failure) throw failure;
  });
  const settled = done.finally(() => {
    state.answered = true;
  });
  settled.catch(() => undefined);
  return Object.assign(state, { done: settled });
}

test("a reader does not wait for a writer, and sees no uncommitted rows", async () => {
  const open = openTransaction(db, "a");
  await open.wrote;
  expect(await seen(db)).toEqual([]);
  expect(await snapshot(db, seen)).toEqual([]);
  expect(await seen(other)).toEqual([]);
  open.release();
  await open.done;
  expect([await seen(db), await snapshot(db, seen), await seen(other)]).toEqual([["a"], ["a"], ["a"]]);
});

test("a writer does not wait for a reader, and the reader sees one moment throughout", async () => {
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

test("a read-only transaction cannot write", async () => {
  await expect(snapshot(db, (at) => write(at, "a"))).rejects.toThrow(/read-?only/);
  expect(await seen(db)).toEqual([]);
});

test("once a write is answered, everyone sees its rows", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `name ${i}`);
  const answers = names.map(async (name) => {
    await write(db, name);
    expect(await seen(other)).toContain(name);
    expect(await seen(db)).toContain(name);
  });
  await Promise.all(answers);
});

test("if one of several transactions at the same moment fails, the others are committed", async () => {
  const [a, b, c] = [openTransaction(db, "a"), openTransaction(db, "b"), openTransaction(db, "c")];
  a.release();
  b.fail(new Error("No, not this one."));
  c.release();
  await expect(b.done).rejects.toThrow("No, not this one.");
  await Promise.all([a.done, c.done]);
  await expect(write(db, "c")).rejects.toThrow(/unique/i);
  expect(await seen(other)).toEqual(["a", "c"]);
});

test("a transaction that waits for another process's lock does not block the event loop, and then gets its turn", async () => {
  const otherProcess = openTransaction(other, "a");
  await otherProcess.wrote;
  const ours = openTransaction(db, "a");
  ours.release();
  for (let turns = 0; turns < 20; turns++) await setTimeout(1);
  expect(ours.answered).toBe(false);
  otherProcess.fail(new Error("Changed its mind."));
  await expect(otherProcess.done).rejects.toThrow("Changed its mind.");
  await ours.done;
  expect(await seen(other)).toEqual(["a"]);
});

if (engine === "sqlite")
  describe("SQLite's one writer", () => {
    /** A clock that stays at 0, or where it is set, so that nothing here depends on the speed of the machine. */
    const stopped = (at = 0) => vi.spyOn(performance, "now").mockReturnValue(at);
    /** A clock that advances by this many milliseconds each time it is read. */
    const ticking = (stepMs: number) => {
      let at = 0;
      vi.spyOn(performance, "now").mockImplementation(() => (at += stepMs));
      return () => at;
    };
    const path = () => fresh.url.replace("file:", "");

    test("queued transactions are committed together, and none is answered or visible before", async () => {
      stopped();
      const before = await commits(path());
      const [a, b, c] = [openTransaction(db, "a"), openTransaction(db, "b"), openTransaction(db, "c")];
      a.release();
      await b.wrote;
      expect([a.answered, await seen(db), await seen(other)]).toEqual([false, [], []]);
      b.release();
      await c.wrote;
      expect([a.answered, b.answered, await seen(db), await seen(other)]).toEqual([false, false, [], []]);
      c.release();
      await a.done;
      expect([await seen(db), await seen(other)]).toEqual([
        ["a", "b", "c"],
        ["a", "b", "c"],
      ]);
      await Promise.all([b.done, c.done]);
      expect((await commits(path())) - before).toBe(1);
    });

    test("at most 64 transactions are committed together", async () => {
      stopped();
      const before = await commits(path());
      await Promise.all(Array.from({ length: 100 }, (_, i) => write(db, `name ${i}`)));
      expect((await commits(path())) - before).toBe(2);
    });

    test("after 20 milliseconds no transaction waits for a later one to end", async () => {
      const clock = stopped();
      const [a, b] = [openTransaction(db, "a"), openTransaction(db, "b")];
      await a.wrote;
      clock.mockReturnValue(21);
      a.release();
      await a.done;
      await b.wrote;
      expect([b.answered, await seen(other)]).toEqual([false, ["a"]]);
      b.release();
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

      test("all transactions of the group fail, and the next one succeeds", async () => {
        stopped();
        const [a, b, c] = [openTransaction(full, "a"), openTransaction(full, much), openTransaction(full, "c")];
        a.release();
        await expect(b.done).rejects.toMatchObject({ code: "SQLITE_FULL" });
        await expect(a.done).rejects.toMatchObject({ code: "SQLITE_FULL" });
        c.release();
        await c.done;
        expect([await seen(full), await seen(other)]).toEqual([["c"], ["c"]]);
      });

      test("a transaction that ignores the error is not committed in part", async () => {
        const work = full.transaction().execute(async (trx) => {
          await write(trx, "a");
          await write(trx, much).catch(() => undefined);
          await write(trx, "b").catch(() => undefined);
        });
        await expect(work).rejects.toMatchObject({ code: "SQLITE_FULL" });
        expect([await seen(full), await seen(other)]).toEqual([[], []]);
      });
    });

    test("if the commit itself fails, every transaction of the group fails", async () => {
      stopped();
      await sql`create table promises (of text references links (hash) deferrable initially deferred)`.execute(db);
      const [a, b] = [
        openTransaction(db, "a"),
        db.transaction().execute((trx) => sql`insert into promises values ('nothing')`.execute(trx)),
      ];
      a.release();
      for (const one of [a.done, b]) await expect(one).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_FOREIGNKEY" });
      expect(await seen(other)).toEqual([]);
      await write(db, "c");
      expect(await seen(other)).toEqual(["c"]);
    });

    test("if one transaction cannot be rolled back alone, the group is not committed", async () => {
      stopped();
      const raw = new SQLite(path());
      let broken = true;
      const prepare = (text: string) => {
        if (broken && text.startsWith("rollback to")) throw new Error("The disk is full.");
        return raw.prepare(text);
      };
      const writer = new Writer(new WritingHandle({ raw, prepare }));
      const put = (hash: string) =>
        raw.prepare("insert into links (hash, purpose, expires_at) values (?, 'setup', '')").run(hash);
      await writer.begin();
      const next = writer.begin();
      put("a");
      const first = writer.commit();
      await next;
      put("b");
      await expect(writer.rollback()).rejects.toThrow("The disk is full.");
      await expect(first).rejects.toThrow("The disk is full.");
      broken = false;
      await writer.run(() => put("c"));
      expect(await seen(other)).toEqual(["c"]);
      raw.close();
    });

    test("if another process keeps the lock for 10 seconds, all transactions that wait fail, and not earlier", async () => {
      const otherProcess = openTransaction(other, "a");
      await otherProcess.wrote;
      const now = ticking(100);
      const ours = [openTransaction(db, "b"), openTransaction(db, "c"), openTransaction(db, "d")];
      for (const one of ours) await expect(one.done).rejects.toMatchObject({ code: "SQLITE_BUSY" });
      expect(now()).toBeGreaterThan(10_000);
      expect(now()).toBeLessThan(20_000);
      const later = openTransaction(db, "e");
      later.release();
      for (const before = now(); now() < before + 1000; ) await setTimeout(1);
      expect(later.answered).toBe(false);
      otherProcess.release();
      await Promise.all([otherProcess.done, later.done]);
      expect(await seen(db)).toEqual(["a", "e"]);
    });

    test("a query that comes after the end of its transaction is not run", async () => {
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

    test("during a long transaction other queries get their turn again and again", async () => {
      ticking(1);
      const between: number[] = [];
      let queries = 0;
      let ended = false;
      const others = (async () => {
        for (; !ended; await setImmediate()) {
          between.push(queries);
          queries = 0;
          expect(await seen(db)).toEqual([]);
        }
      })();
      await db.transaction().execute(async (trx) => {
        for (let i = 0; i < 200; i++, queries++) await write(trx, `line ${i}`);
        ended = true;
        await others;
      });
      expect(between.length).toBeGreaterThan(10);
      expect(Math.max(...between)).toBeLessThan(30);
    });
  });

/** The number of commits in the write-ahead log: frames that say how large the database is after them. */
async function commits(path: string): Promise<number> {
  const log = await readFile(`${path}-wal`);
  if (!log.length) return 0;
  const page = log.readUInt32BE(8);
  let count = 0;
  for (let at = 32; at + 24 + page <= log.length; at += 24 + page) {
    const valid = log.compare(log, 16, 24, at + 8, at + 16) === 0;
    if (valid && log.readUInt32BE(at + 4)) count += 1;
  }
  return count;
}
