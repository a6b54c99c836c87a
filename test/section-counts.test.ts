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

/** The stored counts, and those of a new count. */
async function both() {
  const site = (await findSite(w.db, "shop")) as Site;
  return { stored: await readSectionCounts(w.db, site.id), counted: await countSections(w.db, site) };
}

async function expectRight(): Promise<void> {
  const { stored, counted } = await both();
  expect(stored).toEqual(counted);
}

test("the stored counts equal a new count after every verb", async () => {
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
  // /news heads a section from now on, although it was recorded before the page below it
  await w.record("beta", ["/news/today v1"]);
  await expectRight();
  await w.record("live", ["/sale/a v1", "-/"]);
  await expectRight();
  await w.ask((await w.release("One", ["/news", "/sale/a"])).number, "demo");
  await expectRight();
  await w.promote((await w.release("Two", ["/news", "/sale/a", "search"])).number, "demo");
  await expectRight();
});

test("a page heads a section with or without a closing slash, once there is a page below it", async () => {
  await w.record("beta", ["/a v1", "/news v1", "/news/ v1", "/newsletter v1", "news 1"]);
  await w.record("beta", ["/b v1", "/news/today v1"]);
  const rows = await w.db.selectFrom("artifacts").select(["key", "section"]).orderBy("key").execute();
  expect(rows.filter(({ section }) => section)).toEqual(
    ["/news", "/news/", "/news/today"].map((key) => ({ key, section: "news" })),
  );
});

test("a write only counts its own sections again", async () => {
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
  const { stored } = await both();
  expect(stored.map(({ section, rows }) => [section, rows])).toEqual([
    ["news", 7],
    ["sale", 3],
  ]);
});

test("a site without stored counts is counted at the next write, as after a rebuild", async () => {
  await w.record("beta", ["/ v1"]);
  await w.record("demo", ["/ v1"]);
  await w.record("live", ["/ v1"]);
  await sql`delete from tallies`.execute(w.db);
  await w.record("beta", ["/ v2"]);
  await expectRight();
  await rebuild(w.db, w.site.id);
  expect((await both()).stored).toEqual([]);
  await w.record("beta", ["/ v1"]);
  await expectRight();
});
