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

test("a person renamed in the old book, when that was no event, is called as then in what they did before", async () => {
  const renamed = new SQLite(file("old-book.db"));
  const approval = "select p.id, p.name from approvals a join people p on p.id = a.person_id order by a.id limit 1";
  const { id, name } = renamed.prepare(approval).get() as { id: string; name: string };
  renamed.prepare("update people set name = 'Robin' where id = ?").run(id);
  const own = openDatabase("file::memory:", new SQLite(renamed.serialize()));
  await migrate(own);

  const former = await own.selectFrom("former_names").select(["of_id", "name"]).orderBy("seq").execute();
  expect(former).toEqual([
    { of_id: id, name },
    // an environment, which was an event already
    expect.objectContaining({ name: "Archive" }),
  ]);
  expect(await verify(own, await siteId())).toEqual(old.verdict);
  await own.destroy();
});
