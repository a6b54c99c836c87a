import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordDeployment } from "../src/deployments/record.ts";
import { links, tableRows, words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const live = "/sites/shop/environments/live";
const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);

async function openPage(path: string, who: Name = "vera", status = 200): Promise<string> {
  const response = await w.as(who).get(path);
  expect(response.status, path).toBe(status);
  return response.text();
}

/** The sale goes live on 2 February; on 20 February it is changed by hand, and /about is removed. */
async function sale(): Promise<void> {
  at("02-01T09:00");
  await w.record("beta", ["/sale v1", "/about v1", "checkout 3.4.1"]);
  await w.release("Opening");
  at("02-01T10:00");
  await w.promote(1, "demo");
  at("02-02T11:00");
  await w.promote(1, "live");
  at("02-20T12:00");
  await w.record("live", ["/sale v2", "-/about"]);
  at("03-03T10:00");
}

describe("an environment now", () => {
  test("lists each version with since when it has been there, its source and who approved it", async () => {
    await sale();

    const page = await openPage(live);

    expect(words(page)).toContain("What is on live");
    expect(words(page)).toContain("1 page and 1 software item. 2 changed out of band. Last changed 10 days ago.");
    expect(tableRows(page)).toEqual([
      ["/sale", "v2", "20 Feb, 12:00", "out of band, deployment 4", "nobody"],
      ["checkout", "3.4.1", "2 Feb, 11:00", "Promotion 2", "Mara, marketing, 2 Feb, 11:00"],
    ]);
    expect(links(page)).toMatchObject({
      "www.shop.example": "https://www.shop.example",
      "Promotion 2": "/sites/shop/promotions/2",
      "out of band, deployment 4": "/sites/shop/deployments/4",
    });
  });

  test("shows when a line was recorded, if that was later", async () => {
    at("02-05T09:00");
    await w.record("beta", ["/sale v1"], { effective_at: "2026-02-03T09:00:00Z" });
    await w.record("beta", ["/about v1"], { effective_at: "2026-02-05T08:59:30Z" });

    const page = await openPage("/sites/shop/environments/beta");

    expect(tableRows(page).map(([key, , since]) => [key, since])).toEqual([
      ["/about", "5 Feb, 08:59"],
      ["/sale", "3 Feb, 09:00 recorded 2 days later, 5 Feb, 09:00"],
    ]);
  });

  test("of which nothing was recorded is unknown, not empty", async () => {
    const page = await openPage(live, "cleo");

    expect(words(page)).toContain("Unknown. Nothing has been recorded for live yet.");
    expect(links(page)["Record what is there"]).toBe("/sites/shop/deployments/new?environment=live");
    expect(words(await openPage(live, "vera"))).not.toContain("Record what is there");
  });

  test("can be filtered by kind or by part of a name", async () => {
    await sale();

    expect(tableRows(await openPage(`${live}?kind=software`)).map(([key]) => key)).toEqual(["checkout"]);
    expect(tableRows(await openPage(`${live}?text=SAL`)).map(([key]) => key)).toEqual(["/sale"]);
    expect(words(await openPage(`${live}?text=nothing`))).toContain("Nothing matches.");
    expect((await w.as("vera").get(`${live}?kind=animal`)).status).toBe(400);
  });

  test("is paged by two hundred lines", async () => {
    await w.record("beta", [...Array.from({ length: 205 }, (_, i) => `/news/${1000 + i} v1`), "checkout 1.0.0"]);

    const first = await openPage("/sites/shop/environments/beta");
    const second = await openPage(links(first)["More ›"] ?? "");

    const keys = [...tableRows(first), ...tableRows(second)].map(([key]) => key);
    expect(tableRows(first)).toHaveLength(200);
    expect(keys).toEqual([...Array.from({ length: 205 }, (_, i) => `/news/${1000 + i}`), "checkout"]);
    expect(words(second)).toContain("/news, continued");
    expect(links(second)["More ›"]).toBeUndefined();
  });
});

describe("an environment in the past", () => {
  test("shows what was there, on paper of another colour", async () => {
    await sale();

    const page = await openPage(`${live}?as_of=2026-02-10T14:00`);

    expect(page).toContain('<body class="past">');
    expect(words(page)).toContain("What was on live on 10 February 2026, 14:00");
    expect(words(page)).toContain("2 pages and 1 software item. Last changed 8 days earlier.");
    expect(words(page)).toContain(
      "You are viewing the past, as it is known today. Since then 2 items have changed here.",
    );
    expect(tableRows(page)).toEqual([
      ["/about", "v1", "2 Feb, 11:00", "Promotion 2", "Mara, marketing, 2 Feb, 11:00"],
      ["/sale", "v1", "2 Feb, 11:00", "Promotion 2", "Mara, marketing, 2 Feb, 11:00"],
      ["checkout", "3.4.1", "2 Feb, 11:00", "Promotion 2", "Mara, marketing, 2 Feb, 11:00"],
    ]);
    expect(links(page)).toMatchObject({
      "Compare with now": "/sites/shop/compare?from=live@2026-02-10T14:00Z&to=live",
      "Back to now": live,
    });
  });

  test("has an address that means the same moment for everybody it is sent to", async () => {
    await sale();

    const page = await openPage(`${live}?as_of=2026-02-20T12:00&kind=page`);
    const link = links(page)["Link to this moment"] ?? "";

    expect(link).toBe(`${live}?as_of=2026-02-20T12:00Z&kind=page`);
    expect(words(await openPage(link))).toBe(words(page));
  });

  test("can be walked from change to change", async () => {
    await sale();

    const last = await openPage(links(await openPage(live))["‹ Previous change"] ?? "");
    expect(words(last)).toContain("What was on live on 20 February 2026, 12:00");
    expect(words(last)).toContain("Last changed at this moment.");
    expect(tableRows(last).slice(0, 2)).toEqual([
      ["/about", "removed", "20 Feb, 12:00", "out of band, deployment 4", "nobody"],
      ["/sale", "v2", "20 Feb, 12:00 changed here", "out of band, deployment 4", "nobody"],
    ]);
    expect(links(last)["Next change ›"]).toBeUndefined();

    const first = await openPage(links(last)["‹ Previous change"] ?? "");
    expect(words(first)).toContain("What was on live on 2 February 2026, 11:00");
    expect(links(first)["‹ Previous change"]).toBeUndefined();
    expect(links(first)["Next change ›"]).toBe(`${live}?as_of=2026-02-20T12:00Z`);
  });

  test("can be opened at a moment with milliseconds, which its field keeps", async () => {
    at("02-20T12:00");
    await w.record("beta", ["/sale v1"], { effective_at: "2026-02-20T11:00:30.500Z" });

    const page = await openPage(links(await openPage("/sites/shop/environments/beta"))["‹ Previous change"] ?? "");

    expect(tableRows(page)).toHaveLength(1);
    expect(page).toContain('value="2026-02-20 11:00:30.500"');
  });

  test("is unknown before the first record", async () => {
    await sale();

    const page = await openPage(`${live}?as_of=2026-02-02T10:59`);

    expect(words(page)).toContain(
      "Unknown. The record of live starts on 2 February 2026, 11:00; nothing is recorded for the time before.",
    );
    expect(words(await openPage(`${live}?as_of=2020-01-01T00:00`))).not.toContain("No approval needed");
    expect(links(page)["Go to the first record"]).toBe(`${live}?as_of=2026-02-02T11:00Z`);
  });

  test("counts what arrived later, but not what never did", async () => {
    await sale();
    await w.record("beta", ["/never v1"]);
    expect(words(await openPage(`${live}?as_of=2026-02-10T14:00`))).not.toContain("arrived later");

    await w.record("live", ["/new v1"]);
    expect(words(await openPage(`${live}?as_of=2026-02-10T14:00`))).toContain("1 item arrived later.");
  });

  test("can be shown as it was known at an earlier moment", async () => {
    await sale();
    await w.record("live", ["/sale v0"], { effective_at: "2026-02-09T09:00:00Z" });

    const now = await openPage(`${live}?as_of=2026-02-10T14:00&text=sale`);
    const then = await openPage(`${live}?as_of=2026-02-10T14:00&known_at=2026-03-01T00:00&text=sale`);

    expect(tableRows(now).map(([, version]) => version)).toEqual(["v0"]);
    expect(tableRows(then).map(([, version]) => version)).toEqual(["v1"]);
    expect(words(then)).toContain("as it was known on 1 March 2026, 00:00");
  });
});

describe("the chart of an environment's changes", () => {
  /** The link of each bar, by its label. */
  const bars = (page: string) =>
    Object.fromEntries(
      [...page.matchAll(/<a href="([^"]*)" aria-label="([^"]*)"><title>/g)].map(([, href, label]) => [label, href]),
    );

  test("has a bar for each day with changes, which links to the last of them", async () => {
    await sale();
    at("02-20T15:00");
    await w.record("live", ["/sale v3"]);
    at("03-03T10:00");

    const page = await openPage(live);

    expect(bars(page)).toEqual({
      "2 February 2026: 3 changes": `${live}?as_of=2026-02-02T11:00Z`,
      "20 February 2026: 3 changes": `${live}?as_of=2026-02-20T15:00Z`,
    });
    expect(words(page)).toContain(
      "Changes on live by day, 7 January 2026 to 3 March 2026; the line marks the moment shown.",
    );
    expect(page).toContain('role="group" aria-label="Changes by day: most on 2 February 2026, with 3."');
    const last = await openPage(bars(page)["20 February 2026: 3 changes"] ?? "");
    expect(tableRows(last)[0]?.slice(0, 2)).toEqual(["/sale", "v3"]);
    expect(last).toContain(">20 Feb, 15:00</text>");
  });

  test("begins days in the site's time zone, also where clocks change", async () => {
    w.clock.at = "2025-04-05T12:00:00.000Z";
    for (const moment of ["2025-03-29T23:59", "2025-03-30T22:59", "2025-03-30T23:00"])
      await w.record("beta", [`/sale ${moment}`], { effective_at: `${moment}:00Z` });

    const page = await openPage("/sites/shop/environments/beta?as_of=2025-04-01T12:00&kind=page");

    expect(bars(page)).toEqual({
      "29 March 2025: 1 change": "/sites/shop/environments/beta?as_of=2025-03-29T23:59Z&amp;kind=page",
      "30 March 2025: 1 change": "/sites/shop/environments/beta?as_of=2025-03-30T22:59Z&amp;kind=page",
      "31 March 2025: 1 change": "/sites/shop/environments/beta?as_of=2025-03-30T23:00Z&amp;kind=page",
    });
  });

  test("is by month for few changes over years, and lighter after the moment shown", async () => {
    for (let i = 0; i < 30; i++)
      await w.record("beta", [`/sale v${i}`], {
        effective_at: new Date(Date.parse("2025-09-01T09:00:00Z") + i * 6 * 86_400_000).toISOString(),
      });
    await w.record("live", ["/sale v1"], { effective_at: "2022-05-01T09:00:00Z" });
    await w.record("live", ["/sale v2"], { effective_at: "2025-12-24T09:00:00Z" });

    const days = await openPage("/sites/shop/environments/beta?as_of=2025-11-01T00:00");
    const months = await openPage(live);

    expect(words(days)).toContain("Changes on beta by day");
    expect(days.match(/class="bar-of after"/g)?.length).toBeGreaterThan(2);
    expect(Object.keys(bars(months))).toEqual(["May 2022: 1 change", "December 2025: 1 change"]);
    expect(words(months)).toContain("Changes on live by month, August 2021 to March 2026");
  });

  test("leaves out what was recorded later, and is missing where nothing is recorded", async () => {
    await sale();
    await w.record("live", ["/sale v0"], { effective_at: "2026-02-09T09:00:00Z" });

    const then = await openPage(`${live}?as_of=2026-02-10T14:00&known_at=2026-03-01T00:00`);

    expect(Object.keys(bars(await openPage(live)))).toContain("9 February 2026: 1 change");
    expect(Object.keys(bars(then))).not.toContain("9 February 2026: 1 change");
    expect(await openPage("/sites/shop/environments/demo")).toContain("<figure");
    const empty = await world();
    try {
      expect(await (await empty.as("vera").get(live)).text()).not.toContain("<figure");
    } finally {
      await empty.close();
    }
  });
});

describe("a moment", () => {
  test.each([
    ["sometime", '"sometime" is not a valid date and time.'],
    ["2026-02-30T10:00", '"2026-02-30T10:00" is not a valid date and time.'],
    ["2126-03-03T14:00", "is in the future."],
    ["<script>alert(1)</script>", '"<script>alert(1)</script>" is not a valid date and time.'],
  ])("such as %s is refused beside its field, and the page shows now", async (moment, sentence) => {
    await sale();

    const page = await openPage(`${live}?as_of=${encodeURIComponent(moment)}`, "vera", 422);

    expect(words(page)).toContain(sentence);
    expect(page).toContain('aria-describedby="as_of-hint as_of-error"');
    expect(page).not.toContain("<script>alert");
    expect(words(page)).toContain("What is on live");
    expect(tableRows(page)).toHaveLength(2);
  });

  test("in an hour that the clocks skipped or showed twice is read in one way, which is explained", async () => {
    await w.record("beta", ["/sale v1"], { effective_at: "2025-01-01T00:00:00Z" });
    const beta = "/sites/shop/environments/beta";

    expect(words(await openPage(`${beta}?as_of=2025-03-30T01:30`))).toContain(
      "There was no 01:30 that day: clocks in Europe/London went forward. It is read as 30 March 2025, 02:30.",
    );
    expect(words(await openPage(`${beta}?as_of=2025-10-26T01:30`))).toContain(
      "Clocks in Europe/London showed 01:30 twice that day. It is read as the first, 01:30 BST; for the second write 01:30 GMT.",
    );
  });

  test("can be typed in natural language, without a script, and is written back exactly", async () => {
    await sale();

    const page = await openPage(`${live}?as_of=${encodeURIComponent("10 feb 2pm")}`);
    const now = await openPage(live);

    expect(words(page)).toContain("What was on live on 10 February 2026, 14:00");
    expect(page).toContain('value="2026-02-10 14:00"');
    expect(words(await openPage(`${live}?as_of=yesterday`))).toContain("What was on live on 2 March 2026, 00:00");
    expect(words(await openPage(`${live}?as_of=yesterday`))).toContain("A day without a time means its start, 00:00.");
    expect(now).toMatch(/<input type="text" id="as_of"[^>]*placeholder="now"/);
    expect(now).not.toContain('type="datetime-local"');
  });

  test("with an offset is read as it is written", async () => {
    await sale();

    expect(words(await openPage(`${live}?as_of=${encodeURIComponent("2026-02-10T16:00:00+02:00")}`))).toContain(
      "What was on live on 10 February 2026, 14:00",
    );
  });
});

test("an outsider and a wrong environment get a 404, and a signed-out user the sign-in page", async () => {
  expect((await w.as("oskar").get(live)).status).toBe(404);
  expect((await w.as("vera").get("/sites/shop/environments/prod")).status).toBe(404);
  const signedOut = await w.as("nobody").get(`${live}?as_of=2026-02-10T14:00`);
  expect(signedOut.headers.get("location")).toBe(
    "/sign-in?next=%2Fsites%2Fshop%2Fenvironments%2Flive%3Fas_of%3D2026-02-10T14%3A00",
  );
});

test("text that looks like markup is shown as it was written", async () => {
  const line = {
    kind: "page" as const,
    key: "/über-uns/größen",
    version: "<b>1</b>",
    title: "<script>x</script> & co",
  };
  await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), {
    placements: [line],
    note: "<i>",
  });

  const page = await openPage("/sites/shop/environments/beta");

  expect(page).not.toContain("<script>x");
  expect(tableRows(page)[0]?.slice(0, 2)).toEqual(["/über-uns/größen <script>x</script> & co", "<b>1</b>"]);
  expect((await w.as("vera").get(links(page)["/über-uns/größen"] ?? "")).status).toBe(200);
});
