import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Actor } from "../src/access/actor.ts";
import { permissions } from "../src/access/permissions.ts";
import { findSite, type Site } from "../src/access/sites.ts";
import { type Database, openDatabase } from "../src/database/connect.ts";
import { newId } from "../src/database/ids.ts";
import { siteTransaction } from "../src/database/site-transaction.ts";
import { Refusal } from "../src/errors.ts";
import { verify } from "../src/integrity/verify.ts";
import { appendEvent } from "../src/record/events.ts";
import { createSite } from "../src/sites/sites.ts";
import { engine, freshDatabaseUrl } from "./support/database.ts";

let db: Database;
/** Another server on the same database. */
let other: Database;
let actor: Actor;
let site: Site;
let fresh: Awaited<ReturnType<typeof freshDatabaseUrl>>;

beforeEach(async () => {
  // a clock that stays at 0: no group is committed because it is old, however slow the machine is
  vi.spyOn(performance, "now").mockReturnValue(0);
  fresh = await freshDatabaseUrl();
  [db, other] = [openDatabase(fresh.url), openDatabase(fresh.url)];
  const person = { id: newId(), name: "Ada", kind: "person" as const, email: "ada@example.test" };
  const at = "2026-05-01T10:00:00.000Z";
  await db
    .insertInto("people")
    .values({ ...person, password: null, created_at: at })
    .execute();
  actor = { person, roles: [], permissions: new Set(permissions), at };
  await createSite(db, actor, { slug: "shop", name: "Shop" }, ["account-manager"]);
  site = (await findSite(db, "shop")) as Site;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([db.destroy(), other.destroy()]);
  await fresh.drop();
});

/** Records an event, and then waits for `until` before its transaction ends. */
const record = (
  name: string,
  { on = db, key = "", body = name, until = (_trx: Database): Promise<unknown> => Promise.resolve() } = {},
) =>
  siteTransaction(on, { ...actor, ...(key && { request: { key, fingerprint: body } }) }, site.id, async (trx, by) => {
    const seq = await appendEvent(trx, by, site.id, { action: "site_changed", subject: name, details: {} });
    await until(trx);
    return seq;
  });

async function recorded(on = other): Promise<string[]> {
  const events = on.selectFrom("events").select(["seq", "subject"]).where("action", "=", "site_changed");
  return (await events.orderBy("seq").execute()).map(({ subject }) => subject);
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `change ${i}`);

test("ten at the same moment: one that is refused leaves no trace, and the others are recorded in their order", async () => {
  const refusal = () => Promise.reject(new Refusal(409, "No, not this one."));
  const answers = names(10).map((name, i) => record(name, i === 4 ? { until: refusal } : {}));
  const results = await Promise.allSettled(answers);
  expect(results[4]).toMatchObject({ status: "rejected", reason: { message: "No, not this one." } });
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(9);
  expect(await recorded()).toEqual(names(10).filter((_, i) => i !== 4));
  expect(await verify(db, site.id)).not.toHaveProperty("break");
});

test("ten at the same moment: a statement of one fails, and the others are recorded", async () => {
  const fail = (trx: Database) =>
    trx
      .insertInto("sites")
      .values({ ...site } as never)
      .execute();
  const results = await Promise.allSettled(names(10).map((name, i) => record(name, i === 4 ? { until: fail } : {})));
  expect(results.map(({ status }) => status).filter((status) => status === "rejected")).toHaveLength(1);
  expect(await recorded()).toHaveLength(9);
});

test("none is answered, and nobody sees it, before all that are committed together have ended", async () => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const secondBegan = Promise.withResolvers<void>();
  const answered: string[] = [];
  const a = record("a", {
    until: async () => {
      await first.promise;
    },
  }).then(() => answered.push("a"));
  const b = record("b", {
    until: async () => {
      secondBegan.resolve();
      await second.promise;
    },
  }).then(() => answered.push("b"));
  first.resolve();
  await secondBegan.promise;
  expect([answered, await recorded(), await recorded(db)]).toEqual([[], [], []]);
  second.resolve();
  await Promise.all([a, b]);
  expect([answered, await recorded()]).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});

test("one request that is sent three times at the same moment is recorded once", async () => {
  const sent = [
    record("a", { key: "k" }),
    record("a", { key: "k" }),
    record("b"),
    record("a", { key: "k", on: other }),
  ];
  const [first, second, , third] = await Promise.all(sent);
  expect([second, third]).toEqual([first, first]);
  expect((await recorded()).sort()).toEqual(["a", "b"]);
});

test("its key with another body is refused, and the others are recorded", async () => {
  const results = await Promise.allSettled([
    record("a", { key: "k" }),
    record("x", { key: "k" }),
    record("b", { key: "l" }),
  ]);
  expect(results[1]).toMatchObject({ status: "rejected", reason: { code: "idempotency_key_reused" } });
  expect(await recorded()).toEqual(["a", "b"]);
});

test("two servers at the same moment: every event has its number, and the chain holds", async () => {
  const seqs = await Promise.all(names(40).map((name, i) => record(name, { on: i % 2 ? db : other })));
  expect([...seqs].sort((a, b) => a - b)).toEqual(seqs.map((_, i) => i + Math.min(...seqs)));
  expect(await recorded()).toHaveLength(40);
  expect(await verify(db, site.id)).not.toHaveProperty("break");
});

test("those who read do not wait for any of thirty who wait for another server", async () => {
  const end = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const holding = record("first", {
    on: other,
    until: async () => {
      began.resolve();
      await end.promise;
    },
  });
  await began.promise;
  const waiting = names(30).map((name) => record(name));
  for (let i = 0; i < 30; i++) expect(await recorded(db)).toEqual([]);
  end.resolve();
  await Promise.all([holding, ...waiting]);
  expect(await recorded()).toEqual(["first", ...names(30)]);
});

test("a query that comes after the end of its transaction is not run", async () => {
  let kept: Database | undefined;
  await record("a", {
    until: async (trx) => {
      kept = trx;
    },
  });
  await expect((kept as Database).deleteFrom("sessions").execute()).rejects.toThrow();
});

if (engine === "postgres")
  describe("on PostgreSQL", () => {
    /** Ends the server's side of the connection on which it runs. */
    const lose = async (trx: Database) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other);
      await sql`select 1`.execute(trx);
    };

    test("all of a group fail if its connection is lost in the middle, and later ones succeed", async () => {
      const results = await Promise.allSettled(names(3).map((name, i) => record(name, i === 2 ? { until: lose } : {})));
      for (const result of results)
        expect(result).toMatchObject({
          status: "rejected",
          reason: { message: expect.stringMatching(/terminat|queryable|ECONNRESET|EPIPE/) },
        });
      expect(await recorded()).toEqual([]);
      expect(await Promise.all([record("a"), record("b")])).toHaveLength(2);
      expect(await recorded()).toEqual(["a", "b"]);
    });

    test("nothing of a group is recorded if one ignores that its statement failed", async () => {
      const ignore = (trx: Database) => sql`select 1 / 0`.execute(trx).catch(() => undefined);
      const results = await Promise.allSettled(
        names(4).map((name, i) => record(name, i === 1 ? { until: ignore } : {})),
      );
      expect(results.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
      expect(await recorded()).toEqual([]);
      await record("a");
      expect(await recorded()).toEqual(["a"]);
    });

    test("all of a group fail if the commit itself fails", async () => {
      await sql`create table promises (of_id text references sites (id) deferrable initially deferred)`.execute(db);
      const promise = (trx: Database) => sql`insert into promises values ('nothing')`.execute(trx);
      const results = await Promise.allSettled(
        names(3).map((name, i) => record(name, i === 1 ? { until: promise } : {})),
      );
      for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: "23503" } });
      expect(await recorded()).toEqual([]);
    });

    test("thirty at the same moment are one transaction of the database", async () => {
      const transactions = new Set<string>();
      const note = async (trx: Database) => {
        const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(trx);
        transactions.add(rows[0]?.id ?? "");
      };
      await Promise.all(names(30).map((name) => record(name, { until: note })));
      expect(transactions.size).toBe(1);
    });
  });
