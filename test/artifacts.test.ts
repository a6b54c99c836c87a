import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { layOutTimeline, maxSpans } from "../src/artifacts/timeline.ts";
import { correct } from "../src/corrections/corrections.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import type { ReportLine } from "../src/record/report.ts";
import { links, tableRows, words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);
const pathOf = (key: string) =>
  `/sites/shop/artifacts/${key.startsWith("/") ? "page" : "software"}?key=${encodeURIComponent(key)}`;

async function openPage(path: string, who: Name = "vera", status = 200): Promise<string> {
  const response = await w.as(who).get(path);
  expect(response.status, path).toBe(status);
  return response.text();
}

/** The titles of the timeline's bars, lane by lane. */
const bars = (page: string) => [...page.matchAll(/<title>([^<]*)<\/title><rect/g)].map(([, title]) => title);

/** /sale is promoted to live and changed there by hand; a newer version is waiting for approval. */
async function saleHistory(): Promise<void> {
  at("02-01T09:00");
  await w.record("beta", ["/sale v1"]);
  await w.release("Opening");
  at("02-01T10:00");
  await w.promote(1, "demo");
  at("02-02T11:00");
  await w.promote(1, "live");
  at("02-20T12:00");
  await w.record("live", ["/sale v1.1"]);
  at("02-25T09:00");
  await w.record("beta", ["/sale v2"], { effective_at: "2026-02-24T09:00:00Z" });
  await w.release("New sale");
  await w.promote(2, "demo");
  await w.ask(2, "live");
  at("03-03T10:00");
}

describe("a page's history", () => {
  test("names the first and the last of the versions that are too short to be drawn apart", async () => {
    at("02-01T09:00");
    await w.record("beta", ["/sale v1"]);
    for (const n of [2, 3, 4]) {
      at(`02-20T09:0${n}`);
      await w.record("beta", [`/sale v${n}`]);
    }
    at("03-03T10:00");

    const page = await openPage(pathOf("/sale"));

    expect(bars(page)).toEqual([
      "v1 on beta from 1 February 2026, 09:00 until 20 February 2026, 09:02",
      "2 changes, v2 to v3, on beta from 20 February 2026, 09:02 until 20 February 2026, 09:04",
      "v4 on beta since 20 February 2026, 09:04",
    ]);
    expect(words(page)).toContain("too briefly to be drawn apart share a striped bar; the table lists each of them");
    expect(tableRows(page)).toHaveLength(4);
  });

  test("says which version is where, what is waiting, and links to the page on each server", async () => {
    await saleHistory();

    const page = await openPage(pathOf("/sale"));

    expect(words(page)).toContain("v2 is on beta and demo; v1.1 is on live. v2 for live: waiting for Marketing");
    expect(links(page)).toMatchObject({
      "Open on demo": "https://demo.shop.example/sale",
      "Open on live": "https://www.shop.example/sale",
      "v2 for live: waiting for Marketing": "/sites/shop/promotions/4",
    });
  });

  test("is drawn in lanes, a bar for each version", async () => {
    await saleHistory();

    const page = await openPage(pathOf("/sale"));

    expect(page).toContain(
      'role="img" aria-label="3 lanes, one for each environment, with a bar for each version of /sale over time. Now: beta: v2, demo: v2, live: v1.1. The table below has the same data."',
    );
    expect(bars(page)).toEqual([
      "v1 on beta from 1 February 2026, 09:00 until 24 February 2026, 09:00",
      "v2 on beta since 24 February 2026, 09:00",
      "v1 on demo from 1 February 2026, 10:00 until 25 February 2026, 09:00, approved by Theo (tester)",
      "v2 on demo since 25 February 2026, 09:00, approved by Theo (tester)",
      "v1 on live from 2 February 2026, 11:00 until 20 February 2026, 12:00, approved by Mara (marketing)",
      "v1.1 on live since 20 February 2026, 12:00, out of band",
    ]);
    expect(page.match(/class="span now band"/g)).toHaveLength(1);
    expect(page.match(/class="ticked/g)).toHaveLength(3);
    expect(page).toContain("<title>v2 for live: waiting for Marketing</title>");
  });

  test("is listed in a table, with both clocks and who approved", async () => {
    await saleHistory();

    const page = await openPage(pathOf("/sale"));

    expect(tableRows(page)).toEqual([
      ["demo", "v2", "25 Feb, 09:00", "now", "25 Feb, 09:00 Ada", "Promotion 3", "Theo, tester, 25 Feb, 09:00"],
      ["beta", "v2", "24 Feb, 09:00", "now", "25 Feb, 09:00, recorded 1 day later Cleo", "Deployment 5", "no gate"],
      ["live", "v1.1", "20 Feb, 12:00", "now", "20 Feb, 12:00 Cleo", "out of band, deployment 4", "nobody"],
      [
        "live",
        "v1",
        "2 Feb, 11:00",
        "20 Feb, 12:00",
        "2 Feb, 11:00 Ada",
        "Promotion 2",
        "Mara, marketing, 2 Feb, 11:00",
      ],
      ["demo", "v1", "1 Feb, 10:00", "25 Feb, 09:00", "1 Feb, 10:00 Ada", "Promotion 1", "Theo, tester, 1 Feb, 10:00"],
      ["beta", "v1", "1 Feb, 09:00", "24 Feb, 09:00", "1 Feb, 09:00 Cleo", "Deployment 1", "no gate"],
    ]);
    expect(links(page)["20 Feb, 12:00"]).toBe("/sites/shop/environments/live?as_of=2026-02-20T12:00Z");
  });

  test("has gaps where it was removed, and names the environments where it never was", async () => {
    at("02-01T09:00");
    await w.record("beta", ["/old v1"]);
    at("02-03T09:00");
    await w.record("beta", ["-/old"]);

    const page = await openPage(pathOf("/old"));

    expect(words(page)).toContain("Removed from beta; never recorded on demo and live.");
    expect(bars(page)).toEqual(["v1 on beta from 1 February 2026, 09:00 until 3 February 2026, 09:00"]);
    expect(tableRows(page)[0]?.slice(0, 4)).toEqual(["beta", "removed", "3 Feb, 09:00", "now"]);
  });

  test("until a day contains that day, which is written back", async () => {
    at("02-01T09:00");
    await w.record("beta", ["/sale v1"]);
    at("02-03T21:00");
    await w.record("beta", ["/sale v2"]);

    const page = await openPage(`${pathOf("/sale")}&from=1+February&to=3+February`);

    expect(tableRows(page).map((row) => row[1])).toEqual(["v2", "v1"]);
    expect(page).toContain('name="to" placeholder="now" list="moments" autocomplete="off" value="2026-02-03"');
    expect(tableRows(await openPage(`${pathOf("/sale")}&to=2+February`)).map((row) => row[1])).toEqual(["v1"]);
    // the chart of a period that ends today ends now
    expect(words(await openPage(`${pathOf("/sale")}&to=today`))).toContain("to today, 3 February 2026, 21:00");
  });

  test("is the same however late it was recorded", async () => {
    at("02-10T09:00");
    await w.record("live", ["/sale v1"], { effective_at: "2026-02-08T09:00:00Z" });
    await w.record("live", ["/sale v1"], { effective_at: "2026-02-05T09:00:00Z" });

    expect(tableRows(await openPage(pathOf("/sale"))).map((row) => row.slice(0, 4))).toEqual([
      ["live", "v1", "5 Feb, 09:00", "now"],
    ]);
  });

  test("is paged by fifty placements", async () => {
    for (let i = 0; i < 60; i++) {
      w.clock.at = new Date(Date.parse("2026-02-01T09:00:00Z") + i * 3_600_000).toISOString();
      await w.record("beta", [`/news v${i}`]);
    }

    const first = await openPage(pathOf("/news"));
    const second = await openPage(links(first)["Older ›"] ?? "");

    const versions = [...tableRows(first), ...tableRows(second)].map(([, version]) => version);
    expect(tableRows(first)).toHaveLength(50);
    expect(versions).toEqual(Array.from({ length: 60 }, (_, i) => `v${59 - i}`));
    expect(links(second)["‹ Newest"]).toBe(decodeURIComponent(pathOf("/news")));
  });

  test("crosses out what was corrected, and no longer counts it", async () => {
    at("02-01T09:00");
    await w.record("beta", ["/sale v1"]);
    at("02-02T09:00");
    await w.record("beta", ["/sale v2"]);
    at("02-03T09:00");
    const wrong = { deployment: 2, kind: "page" as const, key: "/sale", reason: "It was another page" };
    await correct(w.db, await w.by("ada"), w.site, wrong);

    const page = await openPage(pathOf("/sale"));

    expect(bars(page)).toEqual(["v1 on beta since 1 February 2026, 09:00"]);
    expect(page).toContain("<title>v2 on beta from 2 February 2026, 09:00: corrected, it never happened</title>");
    expect(tableRows(await openPage(`${pathOf("/sale")}&from=2026-02-01T12:00`)).map(([, version]) => version)).toEqual(
      ["v1"],
    );
  });

  test("can be shown for a period typed in natural language, or for the last week", async () => {
    await saleHistory();

    const page = await openPage(`${pathOf("/sale")}&from=2+Feb&to=20+February+12:00`);
    const week = await openPage(links(await openPage(pathOf("/sale")))["A week"] ?? "");

    expect(words(page)).toContain("Timeline from 2 February 2026, 00:00 to 20 February 2026, 12:00.");
    expect(page).toContain('text-anchor="end">20 Feb, 12:00</text>');
    expect(bars(page).map((bar) => bar?.slice(0, 12))).toEqual(["v1 on beta f", "v1 on demo f", "v1 on live f"]);
    expect(tableRows(page).map((row) => row.slice(0, 2))).toEqual([
      ["live", "v1.1"],
      ["live", "v1"],
      ["demo", "v1"],
      ["beta", "v1"],
    ]);
    expect(week).toContain('aria-current="true">A week<');
    expect(tableRows(week)).toHaveLength(5);
  });

  test("of a part of the time is paged by fifty placements, too", async () => {
    for (let i = 0; i < 60; i++)
      await w.record("beta", [`/news v${i}`], {
        effective_at: new Date(Date.parse("2026-02-01T09:00:00Z") + i * 3_600_000).toISOString(),
      });

    const first = await openPage(`${pathOf("/news")}&from=2026-02-01T12:30`);
    const second = await openPage(links(first)["Older ›"] ?? "");

    expect(tableRows(first)).toHaveLength(50);
    expect(tableRows(second).map(([, version]) => version)).toEqual(["v9", "v8", "v7", "v6", "v5", "v4", "v3"]);
  });

  test("can be shown for a part of the time", async () => {
    await saleHistory();

    const page = await openPage(`${pathOf("/sale")}&from=2026-02-21T00:00`);
    const wrong = await openPage(`${pathOf("/sale")}&from=long+ago`, "vera", 422);
    const backwards = await openPage(`${pathOf("/sale")}&from=2026-02-21T00:00&to=2026-02-20T00:00`, "vera", 422);

    expect(words(page)).toContain("Timeline from 21 February 2026, 00:00 to today");
    expect(bars(page)).toHaveLength(5);
    expect(tableRows(page).map((row) => row.slice(0, 2))).toEqual([
      ["demo", "v2"],
      ["beta", "v2"],
      ["live", "v1.1"],
      ["demo", "v1"],
      ["beta", "v1"],
    ]);
    expect(words(page)).toContain("All placements in this period, newest first");
    expect(page).toContain('value="2026-02-21 00:00"');
    expect(words(wrong)).toContain('"long ago" is not a valid date and time.');
    expect(bars(wrong)).toHaveLength(6);
    expect(words(backwards)).toContain("The start must be before the end.");
  });
});

describe("a version's notes", () => {
  const recordCheckout = async (line: Partial<ReportLine>) =>
    recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), {
      placements: [{ kind: "page", key: "/checkout", version: "v2", ...line }],
    });

  test("have its release notes, source, digest and requirements", async () => {
    await recordCheckout({
      title: "Checkout",
      notes: "Shorter.",
      source: "https://git.example/commit/9f2c",
      digest: "0123456789abcdef",
      requires: { "checkout-service": ">=3.2 <4" },
    });

    const page = await openPage(pathOf("/checkout"));

    expect(words(page)).toContain("“Checkout”. v2 is on beta");
    expect(words(page)).toContain(
      "Notes Shorter. Source https://git.example/commit/9f2c Digest 0123 4567 89ab Requires checkout-service >=3.2 <4",
    );
    expect(links(page)).toMatchObject({
      "https://git.example/commit/9f2c": "https://git.example/commit/9f2c",
      "checkout-service": "/sites/shop/artifacts/software?key=checkout-service",
    });
  });

  test("are shown as they were written, and only web addresses become links", async () => {
    await recordCheckout({ title: "<script>x</script>", source: "javascript:alert(1)", notes: "<b>bold</b>" });

    const page = await openPage(pathOf("/checkout"));

    expect(page).not.toContain("<script>x");
    expect(page).not.toContain('href="javascript:');
    expect(words(page)).toContain("Notes <b>bold</b> Source javascript:alert(1)");
  });
});

test("a path may be percent-encoded as browsers do, and in any Unicode normal form", async () => {
  await w.record("beta", ["/über-uns/größen v1"]);

  for (const key of ["/über-uns/größen", "/über-uns/größen".normalize("NFD"), "/%C3%BCber-uns/gr%C3%B6%C3%9Fen"]) {
    const page = await openPage(pathOf(key));
    expect(words(page)).toContain("/über-uns/größen v1 is on beta");
    expect(links(page)["Open on beta"]).toBe("https://beta.shop.example/%C3%BCber-uns/gr%C3%B6%C3%9Fen");
  }
});

test.each([
  ["/a%20page", "/a%20page"],
  ["/100%25", "/100%25"],
  ["/what%3f%23%2f", "/what%3F%23%2F"],
  ["/%2541", "/%2541"],
  ["/wide%E3%80%80space", "/wide%E3%80%80space"],
])("%s is a page of its own, apart from what it would turn into", async (sent, key) => {
  await w.record("beta", ["/a v1", "/A v1", "/what v1", `${sent} v2`]);

  for (const asked of [sent, key]) {
    const page = await openPage(pathOf(asked));
    expect(words(page)).toContain(`${key} v2 is on beta`);
    expect(links(page)["Open on beta"]).toBe(`https://beta.shop.example${key}`);
  }
  expect(await w.record("beta", [`${key} v2`])).toMatchObject({ changed: 0, unchanged: 1 });
});

test("an unknown page is a 404, and for an outsider every page is", async () => {
  await w.record("beta", ["/sale v1"]);

  expect(words(await openPage(pathOf("/nowhere"), "vera", 404))).toContain("Page /nowhere not found.");
  expect((await w.as("vera").get("/sites/shop/artifacts/page")).status).toBe(404);
  expect((await w.as("vera").get("/sites/shop/artifacts/software?key=/sale")).status).toBe(404);
  expect((await w.as("vera").get("/sites/shop/artifacts/animal?key=/sale")).status).toBe(404);
  expect((await w.as("oskar").get(pathOf("/sale"))).status).toBe(404);
});

describe("the timeline", () => {
  const range = { from: undefined, to: "2026-03-01T00:00:00.000Z", now: "2026-03-01T00:00:00.000Z", zone: "UTC" };
  let seq = 0;
  const span = (effective_at: string, version_id: string | null, out_of_band: 0 | 1 = 0) => ({
    seq: ++seq,
    effective_at: `${effective_at}:00.000Z`,
    version_id,
    out_of_band,
  });

  test("places bars in percent, merges runs, and leaves gaps", () => {
    const { lanes, from } = layOutTimeline(
      [
        [
          span("2026-02-26T00:00", "v2"),
          span("2026-02-24T00:00", null),
          span("2026-02-21T00:00", "v1"),
          span("2026-02-19T00:00", "v1"),
        ],
        [],
      ],
      range,
    );

    expect(from).toBe("2026-02-19T00:00:00.000Z");
    expect(lanes[0]?.bars.map(({ x, width, since, now }) => [since.slice(5, 10), x, width, now])).toEqual([
      ["02-19", 0, 50, false],
      ["02-26", 70, 30, true],
    ]);
    expect(lanes[0]?.removed).toEqual([{ x: 50, width: 20 }]);
    expect(lanes[1]).toEqual({ bars: [], removed: [], retracted: [] });
  });

  test("draws versions that are too short to be drawn apart in bars that can be pointed at", () => {
    const minutes = (n: number) => new Date(Date.parse("2026-02-01T00:00:00Z") + n * 60_000).toISOString().slice(0, 16);
    const short = Array.from({ length: 120 }, (_, i) => span(minutes(60 * i), `v${i}`, i < 60 ? 0 : 1)).toReversed();
    const { lanes } = layOutTimeline([[...short, span("2026-01-01T00:00", "v0.1")]], range);

    const bars = (lanes[0]?.bars ?? []).map(({ seqs, width, band }) => [seqs.length, Math.round(width), band]);
    expect(bars).toEqual([
      [1, 53, false],
      [57, 4, false],
      [3, 0, false],
      [57, 4, true],
      [2, 0, true],
      [1, 39, true],
    ]);
  });

  test("leaves out older changes, in all lanes, where there are too many", () => {
    const manySpans = Array.from({ length: maxSpans }, (_, i) =>
      span(new Date(Date.parse("2026-02-28T00:00:00Z") - i * 60_000).toISOString().slice(0, 16), `v${i}`),
    );
    const { lanes, from, cut } = layOutTimeline([manySpans, [span("2026-01-01T00:00", "v1")]], range);

    expect(cut).toBe(true);
    expect(from).toBe("2026-02-27T19:01:00.000Z");
    expect(lanes[1]?.bars).toMatchObject([{ x: 0, width: 100, since: "2026-01-01T00:00:00.000Z" }]);
  });

  test.each([
    ["2026-02-28T00:00", ["28 Feb", "06:00", "12:00", "18:00", "1 Mar"]],
    ["2026-02-22T00:00", ["22 Feb", "23 Feb", "24 Feb", "25 Feb", "26 Feb", "27 Feb", "28 Feb", "1 Mar"]],
    ["2026-01-20T00:00", ["22 Jan", "1 Feb", "8 Feb", "15 Feb", "22 Feb", "1 Mar"]],
    ["2025-11-20T00:00", ["1 Dec", "15 Dec", "1 Jan 2026", "15 Jan", "1 Feb", "15 Feb", "1 Mar"]],
    ["2022-05-01T00:00", ["2023", "2024", "2025", "2026"]],
  ])("since %s has a tick wherever a unit of the calendar begins", (since, ticks) => {
    expect(layOutTimeline([[span(since, "v1")]], range).ticks.map((tick) => tick.text)).toEqual(ticks);
  });
});
