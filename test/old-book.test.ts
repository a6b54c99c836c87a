import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import SQLite from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type Database, openDatabase } from "../src/database/connect.ts";
import { migrate } from "../src/database/migrate.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";

/** A book created by Sitebook 54aaff5 with every verb, and the responses of that Sitebook. */
const file = (name: string) => gunzipSync(readFileSync(new URL(`support/${name}.gz`, import.meta.url)));
const old = JSON.parse(String(file("old-book-answers.json"))) as {
  at: string;
  token: string;
  verdict: { events: number; head: string };
  answers: Record<string, unknown>;
};

let db: Database;
let app: ReturnType<typeof createApp>;
beforeAll(async () => {
  db = openDatabase("file::memory:", new SQLite(file("old-book.db")));
  await migrate(db);
  app = createApp(db, { baseUrl: "http://sitebook.test", now: () => new Date(old.at) });
});
afterAll(() => db.destroy());

const siteId = async () =>
  (await db.selectFrom("sites").select("id").where("slug", "=", "shop").executeTakeFirstOrThrow()).id;

test.each(Object.keys(old.answers))("the old book answers %s as before", async (path) => {
  const headers = { authorization: `Bearer ${old.token}` };
  const answer = await app.request(`http://sitebook.test/api/v1${path}`, { headers });
  expect(answer.status).toBe(200);
  expect(withoutSentences(await answer.json())).toMatchObject(withoutSentences(old.answers[path]) as object);
});

/** Sentences may be reworded; they are tested elsewhere. */
function withoutSentences(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (name, value) => (name === "message" ? undefined : value)));
}

test("the old book verifies, with the same head", async () => {
  expect(await verify(db, await siteId())).toEqual(old.verdict);
});

test("the old book's record can be rebuilt from its events", async () => {
  expect(await rebuild(db, await siteId())).toEqual(old.verdict);
});
