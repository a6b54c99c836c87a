import { afterEach, beforeEach, expect, test } from "vitest";
import { type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

test("a page that is not there leaves the site's menu in reach", async () => {
  const page = await w.as("vera").get("/sites/shop/nonsense");

  expect(page.status).toBe(404);
  const text = await page.text();
  expect(text).toContain("There is no such page.");
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
  expect(await page.text()).toContain("There is no such page.");
});
