import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApp } from "../src/app.ts";
import type { Database } from "../src/database/connect.ts";
import { browser, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

test("the error page for an unknown address on a site has the site's menu", async () => {
  const page = await w.as("vera").get("/sites/shop/nonsense");

  expect(page.status).toBe(404);
  const text = await page.text();
  expect(text).toContain("There is no page at this address.");
  expect(text).toContain('href="/sites/shop/releases"');
});

test("a site without a role for the person is not found, and its menu is not shown", async () => {
  const page = await w.as("oskar").get("/sites/shop/releases");

  expect(page.status).toBe(404);
  expect(await page.text()).not.toContain("/sites/shop");
});

test("a person who is not signed in only learns that the page does not exist", async () => {
  const page = await w.as("nobody").get("/nonsense");

  expect(page.status).toBe(404);
  expect(await page.text()).toContain("There is no page at this address.");
});

test.each([
  [
    "SQLITE_FULL",
    507,
    "60",
    "The disk is full, so nothing was recorded. You can still look things up. Tell the operator of Sitebook.",
  ],
  ["57P03", 503, "10", "The database does not answer at the moment. Try again shortly."],
])("%s: page and API have the same sentence, and say when to try again", async (code, status, after, sentence) => {
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

/** The database, failing every query with this error. */
function failing(db: Database, code: string): Database {
  const transformResult = () => Promise.reject(Object.assign(new Error("no"), { code }));
  return db.withPlugin({ transformQuery: ({ node }) => node, transformResult });
}
