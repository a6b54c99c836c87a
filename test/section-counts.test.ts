import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findSite, type Site } from "../src/access/sites.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { countSections } from "../src/record/count-sections.ts";
import { readSectionCounts } from "../src/record/section-counts.ts";
import { everyVerb } from "./support/every-verb.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** What is kept beside what counting anew gives. */
async function both() {
  const site = (await findSite(w.db, "shop")) as Site;
  return { kept: await readSectionCounts(w.db, site.id), counted: await countSections(w.db, site) };
}

async function expectRight(): Promise<void> {
  const { kept, counted } = await both();
  expect(kept).toEqual(counted);
}

test("after all that can be done the kept tallies are what counting gives", async () => {
  await everyVerb(w);
  await w.record("beta", ["/sale v10"]);
  await expectRight();
});

test("each write keeps them right", async () => {
  await w.record("beta", ["/ v1", "/sale/a v1", "search 1"]);
  await w.record("demo", ["/ v1"]);
  await w.record("live", ["/ v1"]);
  await w.record("beta", ["/news v1"]);
  await expectRight();
  // heads a section from now on, though it was told before what is below it
  await w.record("beta", ["/news/today v1"]);
  await expectRight();
  await w.record("live", ["/sale/a v1", "-/"]);
  await expectRight();
  await w.ask((await w.release("One", ["/news", "/sale/a"])).number, "demo");
  await expectRight();
  await w.promote((await w.release("Two", ["/news", "/sale/a", "search"])).number, "demo");
  await expectRight();
});

test("a write changes what is kept of its own sections only", async () => {
  await w.record("beta", ["/sale/a v1", "/news/a v1"]);
  await w.record("demo", ["/sale/a v1"]);
  await w.record("live", ["/sale/a v1"]);
  await w.record("beta", ["/sale/b v1"]);
  await w.db
    .updateTable("tallies")
    .set({ counts: "[7,0,0,0,0,[0,0],[0,0,0],[0,0,0]]" })
    .where("section", "=", "news")
    .execute();
  await w.record("beta", ["/sale/b v2", "/sale/c v1"]);
  const { kept } = await both();
  expect(kept.map(({ section, rows }) => [section, rows])).toEqual([
    ["news", 7],
    ["sale", 3],
  ]);
});

test("a site that nobody has counted yet is counted when somebody writes, and so after a rebuild", async () => {
  await w.record("beta", ["/ v1"]);
  await w.record("demo", ["/ v1"]);
  await w.record("live", ["/ v1"]);
  await sql`delete from tallies`.execute(w.db);
  await w.record("beta", ["/ v2"]);
  await expectRight();
  await rebuild(w.db, w.site.id);
  expect((await both()).kept).toEqual([]);
  await w.record("beta", ["/ v1"]);
  await expectRight();
});
