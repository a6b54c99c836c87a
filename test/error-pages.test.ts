import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApp } from "../src/app.ts";
import type { Database } from "../src/database/connect.ts";
import { browser, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

test("a page that is not there leaves the site's menu in reach", async () => {
  const page = await w.as("vera").get("/sites/shop/nonsense");

  expect(page.status).toBe(404);
  const text = await page.text();
  expect(text).toContain("Page not found.");
  expect(text).toContain('href="/sites/shop/releases"');
});

test("a site that is not theirs is not there, and none of its menu", async () => {
  const page = await w.as("oskar").get("/sites/shop/releases");

  expect(page.status).toBe(404);
  expect(await page.text()).not.toContain("/sites/shop");
});

test("whoever is signed out learns only that there is no such page", async () => {
  const page = await w.as("nobody").get("/nonsense");

  expect(page.status).toBe(404);
  expect(await page.text()).toContain("Page not found.");
});

test.each([
  [
    "SQLITE_FULL",
    507,
    "60",
    "The disk is full, so nothing was recorded. What is there can still be looked up; tell whoever runs Sitebook.",
  ],
  ["57P03", 503, "10", "The database does not answer at the moment. Try again shortly."],
])("%s: page and API say the same, and when to try again", async (code, status, after, sentence) => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const app = createApp(failing(w.db, code), { baseUrl: "http://sitebook.test" });
  const page = await browser(app, w.db, w.people.ada, w.clock).get("/sites/shop");
  expect([page.status, page.headers.get("retry-after")]).toEqual([status, after]);
  expect(await page.text()).toContain(sentence);

  const headers = { authorization: "Bearer x" };
  const call = await app.request("http://sitebook.test/api/v1/sites", { headers });
  expect([call.status, call.headers.get("retry-after")]).toEqual([status, after]);
  expect(await call.json()).toMatchObject({ status, detail: sentence });
  log.mockRestore();
});

/** The same database, which answers every query with this error. */
function failing(db: Database, code: string): Database {
  const transformResult = () => Promise.reject(Object.assign(new Error("no"), { code }));
  return db.withPlugin({ transformQuery: ({ node }) => node, transformResult });
}
