import { afterEach, beforeEach, expect, test } from "vitest";
import { findSite, type Site } from "../src/access/sites.ts";
import { cachedSummary } from "../src/board/site-summary.ts";
import { createEnvironment } from "../src/environments/environments.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** The words of the rail, one line for each environment. */
async function rail(): Promise<string[]> {
  const page = await (await w.as("ada").get("/sites/shop")).text();
  const stops = page.slice(page.indexOf('<nav class="rail"'), page.indexOf("<main")).matchAll(/<p>(.*?)<\/p>/gs);
  return [...stops].map(([, text = ""]) => words(text));
}

test("the rail shows the state of each environment in words, and what is waiting at its gate", async () => {
  expect(await rail()).toEqual(Array(3).fill("nothing recorded yet record what is there"));
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
  expect((await rail())[0]).toBe("demo is unknown 2 pages, 1 software item · last change 3 Mar, 10:00");
  const { number } = await w.release("First");
  await w.ask(number, "demo");
  expect((await rail())[1]).toBe("nothing recorded yet, 1 waiting for Tester record what is there");
  await w.promote((await w.release("Second", ["/"])).number, "demo");
  expect((await rail())[0]).toMatch(/^2 differ from demo/);
});

test("the last environment is as approved, unless something is out of band", async () => {
  await w.record("beta", ["/ v1"]);
  await w.promote((await w.release("First")).number, "demo");
  await w.promote(1, "live");
  expect((await rail()).map((words) => words.split(" 1 page")[0])).toEqual([
    "same as demo",
    "same as live",
    "as approved",
  ]);
  await w.record("live", ["/ v2"]);
  expect((await rail()).map((words) => words.split(" 1 page")[0])).toEqual([
    "same as demo",
    "1 differs from live",
    "1 out of band",
  ]);
});

test("what was never recorded in an environment is no difference from the next one, and nothing to release", async () => {
  await w.record("beta", ["/ v1"]);
  await w.promote((await w.release("First")).number, "demo");
  await w.promote(1, "live");
  await w.record("live", ["/legacy v7"]);

  expect((await rail()).map((words) => words.split(" 1 page")[0])).toEqual([
    "no known difference from demo",
    "no known difference from live",
    expect.stringMatching(/^1 out of band/),
  ]);
  const page = await (await w.as("ada").get("/sites/shop")).text();
  expect(page).not.toContain("/releases/new?from=demo&amp;to=live");
  expect(page).toContain("2 pages, 1 unknown");
  expect(page).toMatch(/id="chip-demo-live"[^>]*>demo and live differ <b>0</);

  await w.record("demo", ["/legacy v8"]);
  expect((await rail())[1]).toMatch(/^1 differs from live/);
  expect(await (await w.as("ada").get("/sites/shop")).text()).toContain("/releases/new?from=demo&to=live");
  expect(await (await w.as("ada").get("/sites/shop/releases/new?from=demo&to=live")).text()).toContain("/legacy");
});

test("nothing differs from an environment that was never recorded, but what is there can be released", async () => {
  await w.record("beta", ["/ v1", "/sale v1"]);
  const page = await (await w.as("ada").get("/sites/shop")).text();
  expect(page).not.toContain("beta and demo differ");
  expect(page).toContain("/releases/new?from=beta&to=demo");
});

test("the summary is cached until the next event", async () => {
  const summary = cachedSummary();
  await w.record("beta", ["/ v1", "/sale/a v1"]);
  const before = await summary(w.db, w.site, w.clock.at);
  expect((await summary(w.db, w.site, w.clock.at)).sections).toBe(before.sections);
  await w.record("beta", ["/sale/b v1", "-/sale/a", "search 1"]);
  const after = await summary(w.db, w.site, w.clock.at);
  expect(after).toMatchObject({ rows: 4, moving: 3, waiting: 0, out_of_band: 0 });
  expect(after.environments[0]).toMatchObject({ pages: 2, software: 1, differing: 3 });
  expect(after.sections.map(({ kind, section, rows }) => [kind, section, rows])).toEqual([
    ["page", "", 1],
    ["page", "sale", 2],
    ["software", "", 1],
  ]);
});

test("a new environment is counted at once, also beside a site loaded before it", async () => {
  const summary = cachedSummary();
  await createEnvironment(w.db, { ...(await w.by("iris")), permissions: new Set(["administer"]) }, w.site, {
    slug: "mirror",
  });
  expect((await summary(w.db, w.site, w.clock.at)).environments).toHaveLength(3);
  expect((await summary(w.db, (await findSite(w.db, "shop")) as Site, w.clock.at)).environments).toHaveLength(4);
});

test("a row in several open promotions counts as waiting once", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "/news v1"]);
  const count = async () => (await cachedSummary()(w.db, w.site, w.clock.at)).waiting;
  await w.ask((await w.release("One", ["/", "/sale"])).number, "demo");
  expect(await count()).toBe(2);
  await w.ask((await w.release("Two", ["/sale", "/news"])).number, "demo");
  expect(await count()).toBe(3);
});
