import { afterEach, beforeEach, expect, test } from "vitest";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const calendar = async (query = "") => (await w.as("vera").get(`/sites/shop/calendar${query}`)).text();

/** The rows of the page as text, each with its day first. */
const rows = (page: string): string[] =>
  [...page.matchAll(/<tr>(<th scope="row">.*?)<\/tr>/gs)].map(([, row = ""]) =>
    row
      .replace(/<\/(th|td|div)>/g, " | ")
      .replace(/<[^>]+>/g, "")
      .replace(/\s+/g, " ")
      .replace(/( \|)+ ?/g, " | ")
      .trim(),
  );

test("the calendar shows what is frozen and what went live, day by day", async () => {
  const freeze = { environment: "live", from: "2026-03-05T22:00", until: "2026-03-07T06:00", reason: "Deliveries" };
  await w.as("ada").post("/sites/shop/settings/freezes", freeze);
  await w.record("beta", ["/sale v1"]);
  await w.promote((await w.release("Spring")).number, "demo", { effective_at: "2026-03-03T09:30:00.000Z" });
  expect(rows(await calendar())).toEqual([
    "Tuesday 3 Mar today | none | 09:30 Spring on demo |",
    "Thursday 5 Mar | live from 22:00 Deliveries, freeze 1 | none |",
    "Friday 6 Mar | live all day Deliveries, freeze 1 | none |",
    "Saturday 7 Mar | live until 06:00 Deliveries, freeze 1 | none |",
  ]);
  const week = await calendar("?week=2026-03-05");
  expect(week).toContain("Week of Monday 2 March 2026");
  expect(rows(week)).toHaveLength(7);
  expect(week).toContain("/sites/shop/calendar?week=2026-03-09");
  const april = await calendar("?month=2026-04");
  expect(april).toContain("No freezes or promotions in this month.");
  expect(april).toContain("/sites/shop/calendar?month=2026-03");
});

test("a freeze that was ended early is shown up to then", async () => {
  const ada = w.as("ada");
  await ada.post("/sites/shop/settings/freezes", { environment: "live", until: "2026-03-10", reason: "Audit" });
  await ada.post("/sites/shop/settings/freezes", {
    environment: "demo",
    from: "2026-03-05",
    until: "2026-03-05",
    reason: "Stocktaking",
    repeats: "DAILY",
    last: "2026-03-08",
  });
  w.clock.at = "2026-03-05T12:00:00.000Z";
  for (const number of [1, 2]) await ada.post(`/sites/shop/settings/freezes/${number}/end`, { reason: "Done" });
  expect(rows(await calendar())).toEqual([
    "Tuesday 3 Mar | live from 10:00 Audit, freeze 1 | none |",
    "Wednesday 4 Mar | live all day Audit, freeze 1 | none |",
    "Thursday 5 Mar today | live until 12:00 Audit, freeze 1 | demo until 12:00 Stocktaking, freeze 2 | none |",
  ]);
});

test("a freeze without an end is shown up to today", async () => {
  await w.as("ada").post("/sites/shop/settings/freezes", { environment: "live", reason: "Broken" });
  w.clock.at = "2026-03-04T12:00:00.000Z";
  expect(rows(await calendar())).toEqual([
    "Tuesday 3 Mar | live from 10:00 Broken, freeze 1 | none |",
    "Wednesday 4 Mar today | live all day, until somebody ends it Broken, freeze 1 | none |",
  ]);
});

test("days are those of the site's clock, also when it changes", async () => {
  const freeze = { environment: "live", from: "2026-03-29", until: "2026-03-29", reason: "Clocks" };
  await w.as("ada").post("/sites/shop/settings/freezes", freeze);
  expect(rows(await calendar("?month=2026-03"))).toContain("Sunday 29 Mar | live all day Clocks, freeze 1 | none |");
  expect(rows(await calendar("?week=2026-03-30")).join()).not.toContain("Clocks");
});

test.each([
  "?month=2026-13",
  "?month=tomorrow",
  "?week=2026-02-30",
  "?month=99999-01",
  "?month=0001-01",
  "?week=2100-01-01",
])("an address with %s shows this month", async (query) => {
  expect(await calendar(query)).toContain("<h1>March 2026</h1>");
});

test.each(["?month=1990-01", "?month=2099-12", "?week=2099-12-31", "?week=1990-01-01"])(
  "the end of the calendar, %s, is a page",
  async (query) => {
    expect((await w.as("vera").get(`/sites/shop/calendar${query}`)).status).toBe(200);
  },
);

test("a stranger finds no calendar", async () => {
  expect((await w.as("oskar").get("/sites/shop/calendar")).status).toBe(404);
});
