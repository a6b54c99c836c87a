import { existsSync } from "node:fs";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../src/database/open.ts";
import { Refusal } from "../src/errors.ts";
import { verify } from "../src/history/verify.ts";
import { decide } from "../src/promotions/promotions.ts";
import { inThread } from "../src/threads/threads.ts";
import { plain, thrown } from "../src/threads/thrown.ts";
import { engine, freshDatabaseUrl } from "./database.ts";
import { starting, tokenOn } from "./serving.ts";
import { type Name, world } from "./world.ts";

let url: string;
let drop: () => Promise<void>;
let token: string;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
  token = await tokenOn(url);
});
afterEach(() => drop());

const lines = (count: number, version = "v1") =>
  Array.from({ length: count }, (_, i) => ({ kind: "page", key: `/inventory/page-${i}`, version }));

const post = (address: string, placements: object[], key?: string) =>
  fetch(`${address}/api/v1/sites/shop/environments/beta/deployments`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...(key && { "idempotency-key": key }),
    },
    body: JSON.stringify({ placements }),
  });

async function placements(): Promise<number> {
  const db = openDatabase(url);
  const { rows } = await sql<{ count: number }>`select count(*) as count from placements`.execute(db);
  await db.destroy();
  return rows[0]?.count as number;
}

test("a long import is carried out beside the event loop: recorded once, however often it is told", async () => {
  await using server = starting({ DATABASE_URL: url });
  const address = await server.url();
  const told = lines(3000);
  const answers = await Promise.all([
    post(address, told, "a"),
    post(address, told, "a"),
    post(address, lines(1, "v0")),
  ]);
  expect(answers.map((one) => one.status)).toEqual([201, 201, 201]);
  const [first, second] = await Promise.all(answers.map((one) => one.json()));
  expect(first).toMatchObject({ changed: 3000, unchanged: 0, out_of_band: 0 });
  expect(second).toEqual(first);
  expect(await (await post(address, told, "a")).json()).toEqual(first);

  server.signal("SIGTERM");
  expect(await server.ended).toBe(0);
  if (url.startsWith("file:")) expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
  expect(await placements()).toBe(3001);
  const db = openDatabase(url);
  const [site] = await db.selectFrom("sites").select("id").execute();
  expect(await verify(db, site?.id as string)).toHaveProperty("head");
  await db.destroy();
});

test("what is wrong with a long import is said of each field, and nothing is recorded", async () => {
  await using server = starting({ DATABASE_URL: url });
  const answer = await post(await server.url(), [...lines(600), { kind: "page", key: "no slash", version: "v1" }]);
  expect(answer.status).toBe(422);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const sentence = 'A page\'s path has no spaces: "no slash".';
  expect(await answer.json()).toMatchObject({
    detail: sentence,
    errors: [{ path: "placements.600.key", message: sentence }],
  });
  expect(await placements()).toBe(0);
});

test("a key that comes back with another long import is refused in the same words", async () => {
  await using server = starting({ DATABASE_URL: url });
  const address = await server.url();
  expect((await post(address, lines(600), "a")).status).toBe(201);
  const answer = await post(address, lines(601), "a");
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ code: "idempotency_key_reused" });
  expect(await placements()).toBe(600);
});

test.runIf(engine === "sqlite")("a promotion of many lines is completed in a thread, by who may, once", async () => {
  const fresh = await freshDatabaseUrl();
  const db = openDatabase(fresh.url);
  const w = await world(Promise.resolve({ db, close: async () => {} }));
  const pages = Array.from({ length: 600 }, (_, i) => `/inventory/page-${i} v1`);
  await w.record("beta", pages);
  await w.ask((await w.release("All of it")).number, "demo");
  const { digest } = await db.selectFrom("promotions").select("digest").executeTakeFirstOrThrow();
  await decide(db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
  const threads = inThread(fresh.url);
  const complete = async (name: Name) => threads.verbs.complete(db, await w.by(name), w.site, 1, {});

  await expect(complete("vera")).rejects.toThrow(Refusal);
  await expect(complete("vera")).rejects.toMatchObject({ status: 403 });
  const [first, second] = await Promise.all([complete("ada"), complete("ada")]);
  expect(first).toMatchObject({ state: "completed", completion: { deployment: 2 } });
  expect(second).toEqual(first);
  const moved = await db.selectFrom("current_placements").select("artifact_id").where("out_of_band", "=", 0).execute();
  expect(moved).toHaveLength(1200);
  expect(await verify(db, w.site.id)).toHaveProperty("head");
  await threads.close();
  await db.destroy();
  await fresh.drop();
});

test("what is thrown in a thread is the same here", () => {
  const blockers = [{ code: "moved_on", message: "Beta has moved on." }];
  const refusal = new Refusal(409, "Not now.", { code: "later", blockers, retryAfter: 5 });
  expect(thrown(structuredClone(plain(refusal)))).toEqual(refusal);
  expect(thrown(structuredClone(plain(refusal)))).toBeInstanceOf(Refusal);
  const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
  expect(thrown(structuredClone(plain(full)))).toMatchObject({ message: full.message, code: "SQLITE_FULL" });
});
