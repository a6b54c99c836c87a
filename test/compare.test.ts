import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { countDifferences, listDifferences, type Sides } from "../src/compare/queries.ts";
import { endOfTime } from "../src/record/as-of.ts";
import { findReference, parseWhen, splitReference } from "../src/record/references.ts";
import { links, tableRows, words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);
const path = "/sites/shop/compare";

async function open(query: string, name: Name = "vera", status = 200): Promise<string> {
  const response = await w.as(name).get(path + query);
  expect(response.status, query).toBe(status);
  return response.text();
}

/** On 2 February /new is added to beta, /sale changes and /old is removed, while /same and checkout stay. */
async function twoDays(): Promise<void> {
  at("02-01T09:00");
  await w.record("beta", ["/old v1", "/sale v1", "/same v1", "checkout 1.0.0"]);
  await w.release("Opening");
  await w.promote(1, "demo");
  at("02-02T09:00");
  await w.record("beta", ["/new v1", "/sale v2", "-/old", "catalogue 2.0.0"]);
  at("03-03T10:00");
}

const reference = (text: string) => findReference(w.db, w.site, text, w.clock.at);

async function sides(from: string, to: string): Promise<Sides> {
  const side = async (text: string) => {
    const found = await reference(text);
    if ("wrong" in found) throw new Error(found.wrong);
    return found;
  };
  return { from: await side(from), to: await side(to) };
}

describe("the comparison", () => {
  test("of two environments has what was added, changed and removed, and how much is the same", async () => {
    await twoDays();

    const differences = await listDifferences(w.db, w.site, await sides("demo", "beta"));

    expect(differences.map(({ key, change, from, to }) => [key, change, from, to])).toEqual([
      ["/new", "added", null, "v1"],
      ["/old", "removed", "v1", null],
      ["/sale", "changed", "v1", "v2"],
      ["catalogue", "added", null, "2.0.0"],
    ]);
    expect(await countDifferences(w.db, w.site, await sides("demo", "beta"))).toEqual({
      page: { added: 1, changed: 1, removed: 1, missing: 0, unknown: 0, same: 1 },
      software: { added: 1, changed: 0, removed: 0, missing: 0, unknown: 0, same: 1 },
    });
  });

  test("of one environment at two moments works in both directions", async () => {
    await twoDays();
    const before = "beta@2026-02-01T12:00:00Z";

    const forward = await listDifferences(w.db, w.site, await sides(before, "beta@2026-02-02T09:00:00Z"));
    const backward = await listDifferences(w.db, w.site, await sides("beta", before));

    expect(forward.map(({ key, change }) => [key, change])).toEqual([
      ["/new", "added"],
      ["/old", "removed"],
      ["/sale", "changed"],
      ["catalogue", "added"],
    ]);
    expect(backward.map(({ key, change, from, to }) => [key, change, from, to])).toEqual([
      ["/new", "removed", "v1", null],
      ["/old", "added", null, "v1"],
      ["/sale", "changed", "v2", "v1"],
      ["catalogue", "removed", "2.0.0", null],
    ]);
    expect(await listDifferences(w.db, w.site, await sides("beta", "beta"))).toEqual([]);
  });

  test("can be paged by key, and limited to a kind or a change", async () => {
    await twoDays();
    const both = await sides("demo", "beta");
    const keys = async (slice: Parameters<typeof listDifferences>[3]) =>
      (await listDifferences(w.db, w.site, both, slice)).map((difference) => difference.key);

    expect(await keys({ limit: 2 })).toEqual(["/new", "/old"]);
    expect(await keys({ after: { kind: "page", section: "", key: "/old" } })).toEqual(["/sale", "catalogue"]);
    expect(await keys({ kind: "software" })).toEqual(["catalogue"]);
    expect(await keys({ kinds: ["removed"] })).toEqual(["/old"]);
  });

  test("shows a version that was removed and deployed again as the same", async () => {
    await w.record("beta", ["/sale v1"], { effective_at: "2026-02-01T09:00:00Z" });
    await w.record("beta", ["-/sale"], { effective_at: "2026-02-02T09:00:00Z" });
    await w.record("beta", ["/sale v1"], { effective_at: "2026-02-03T09:00:00Z" });

    expect(await listDifferences(w.db, w.site, await sides("beta@2026-02-01T12:00:00Z", "beta"))).toEqual([]);
    expect(await listDifferences(w.db, w.site, await sides("beta@2026-02-02T12:00:00Z", "beta"))).toHaveLength(1);
  });
});

describe("a reference", () => {
  test.each([
    ["live", "live", { time: "" }],
    [" live@2026-03-03T14:00:00Z ", "live", { time: "2026-03-03T14:00:00Z" }],
    ["live@{2.days.ago}", "live", { time: "2.days.ago" }],
    ["live@yesterday", "live", { time: "yesterday" }],
    ["live~", "live", { back: 1 }],
    ["live~12", "live", { back: 12 }],
    ["live#42", "live", { deployment: 42 }],
    ["live~1~2", "live", { time: "~1~2" }],
    ["live#", "live", { time: "#" }],
  ])("%s names an environment and one of its moments", (text, slug, when) => {
    const [first, rest] = splitReference(text);

    expect([first, parseWhen(rest)]).toEqual([slug, when]);
  });

  test("names an environment now, or at a moment", async () => {
    expect(await reference("live")).toEqual({
      environment: environmentOf(w.site, "live"),
      moment: { asOf: endOfTime },
    });
    expect(await reference("live@now")).toMatchObject({ moment: { asOf: endOfTime } });
    expect(await reference("live~0")).toMatchObject({ moment: { asOf: endOfTime } });
    expect(await reference(" beta@2026-02-01T09:00:00+01:00 ")).toMatchObject({
      environment: { slug: "beta" },
      moment: { asOf: "2026-02-01T08:00:00.000Z" },
      at: "2026-02-01T08:00:00.000Z",
    });
    expect(await reference("beta@{2.days.ago}")).toMatchObject({
      at: new Date(Date.parse(w.clock.at) - 2 * 86_400_000).toISOString(),
    });
  });

  test("counts back by changes, of whatever size and however late they were recorded", async () => {
    at("02-05T09:00");
    await w.record("beta", ["/a v1", "/b v1", "/c v1"], { effective_at: "2026-02-01T09:00:00Z" });
    await w.record("beta", ["/a v3"], { effective_at: "2026-02-03T09:00:00Z" });
    await w.record("beta", ["/a v2"], { effective_at: "2026-02-02T09:00:00Z" });
    await w.record("beta", ["/a v3"], { effective_at: "2026-02-04T09:00:00Z" });

    expect(await reference("beta~1")).toMatchObject({ at: "2026-02-02T09:00:00.000Z" });
    expect(await reference("beta~2")).toMatchObject({ at: "2026-02-01T09:00:00.000Z" });
    expect(await reference("beta~3")).toEqual({
      wrong:
        "beta has changed 3 times; what was there before the first change is unknown. beta~2 is the furthest back.",
    });
    expect(await reference("beta~99999")).toEqual(await reference("beta~3"));
    expect(await reference("live~1")).toEqual({
      wrong: "Nothing has been recorded for live yet, so it has no earlier change.",
    });
  });

  test("names the moment just after a deployment, which has to be of that environment", async () => {
    await twoDays();

    expect(await reference("beta#1")).toMatchObject({ at: "2026-02-01T09:00:00.000Z" });
    expect(await listDifferences(w.db, w.site, await sides("beta#3", "beta"))).toEqual([]);
    expect(await reference("beta#2")).toEqual({ wrong: "Deployment 2 was on demo, not on beta: it is demo#2." });
    expect(await reference("beta#77")).toEqual({ wrong: "There is no deployment 77." });
  });

  test("says why a moment cannot be read, and does not find an unknown environment", async () => {
    expect(await reference("live@soon")).toEqual({
      wrong: expect.stringContaining('"soon" is not a valid date and time'),
    });
    expect(await reference("live~1~2")).toEqual({
      wrong: expect.stringContaining('"~1~2" is not a valid date and time'),
    });
    expect(await reference("live@2126-01-01T00:00:00Z")).toHaveProperty("wrong");
    await expect(reference("prod")).rejects.toThrow("Environment not found.");
    await expect(reference("")).rejects.toThrow("Environment not found.");
  });
});

describe("the page", () => {
  test("compares the last two environments by default", async () => {
    await twoDays();

    const page = await open("");

    expect(words(page)).toContain("What differs: demo and live What differs is unknown.");
    expect(tableRows(page)).toEqual([]);
    expect(words(page)).toContain("Nothing has been recorded for live yet.");
  });

  test("reads for neighbours as what a promotion would change, with unknown kept apart", async () => {
    await twoDays();
    await w.record("demo", ["/here v1", "-/same"]);

    const page = await open("?from=beta&to=demo");

    expect(words(page)).toContain(
      "If promoted: 3 new on demo, 1 changed on demo, 1 removed from demo and 1 unknown on beta; 1 is the same.",
    );
    expect(tableRows(page).map(([key, change]) => [key, change])).toEqual([
      ["/here", "unknown on beta"],
      ["/new", "new on demo"],
      ["/old", "removed from demo"],
      ["/sale", "changed on demo"],
      ["/same", "new on demo"],
      ["catalogue", "new on demo"],
    ]);
    const added = await open((links(page)["New on demo 3"] ?? "").slice(path.length));
    expect(tableRows(added).map(([key]) => key)).toEqual(["/new", "/same", "catalogue"]);
    const unknown = await open((links(page)["Unknown on beta 1"] ?? "").slice(path.length));
    expect(tableRows(unknown).map(([key]) => key)).toEqual(["/here"]);
  });

  test("does not call removed what an environment never had", async () => {
    await twoDays();
    await w.record("live", ["/same v1", "/sale v1", "-/old"], { effective_at: "2026-02-01T10:00:00Z" });

    const page = await open("?from=beta&to=live");

    expect(tableRows(page).map(([key, change]) => [key, change])).toEqual([
      ["/new", "not on live"],
      ["/sale", "changed"],
      ["catalogue", "not on live"],
      ["checkout", "not on live"],
    ]);
    expect(words(page)).toContain("1 changed and 3 not on live; 1 is the same.");
  });

  test("groups differences by section, and links to each page on both servers", async () => {
    await twoDays();
    await w.record("beta", ["/sale/größen v1"]);

    const page = await open("?from=demo&to=beta");

    expect(words(page)).toContain("What differs: demo and beta 3 added, 1 changed and 1 removed; 2 are the same.");
    expect(tableRows(page)).toEqual([
      ["/new", "added", "–", "v1 since 2 Feb, 09:00", "beta"],
      ["/old", "removed", "v1 since 1 Feb, 09:00", "–", "demo"],
      ["/sale", "changed", "v1 since 1 Feb, 09:00", "v2 since 2 Feb, 09:00", "demo beta"],
      ["/sale/größen", "added", "–", "v1 since 3 Mar, 10:00", "beta"],
      ["catalogue", "added", "–", "2.0.0 since 2 Feb, 09:00", ""],
    ]);
    expect(page).toContain(
      'href="https://beta.shop.example/sale/gr%C3%B6%C3%9Fen" aria-label="Open /sale/größen on beta"',
    );
    expect(links(page).Swap).toBe(`${path}?from=beta&to=demo`);
  });

  test("takes a moment for each side from the form, and puts both into the address", async () => {
    await twoDays();

    const page = await open("?from=beta&from_at=2026-02-01T12:00&to=beta&to_at=2026-02-02T09:00");

    expect(page).toContain('<body class="past">');
    expect(words(page)).toContain("What differs: beta on 1 February 2026, 12:00 and beta on 2 February 2026, 09:00");
    expect(words(page)).toContain("2 added, 1 changed and 1 removed; 2 are the same.");
    const address = `${path}?from=beta@2026-02-01T12:00Z&to=beta@2026-02-02T09:00Z`;
    expect(links(page)["Link to this"]).toBe(address);
    const again = await open(address.slice(path.length));
    expect(tableRows(again)).toEqual(tableRows(page));
    expect(again).toContain('value="2026-02-01 12:00"');
  });

  test("can be limited to pages, software or one kind of change, each with its count", async () => {
    await twoDays();

    const page = await open("?from=demo&to=beta");
    const software = await open((links(page)["Only software 1"] ?? "").slice(path.length));
    const added = await open((links(page)["Added 2"] ?? "").slice(path.length));
    const none = await open("?from=demo&to=beta&kind=software&change=removed");

    expect(tableRows(software).map(([key]) => key)).toEqual(["catalogue"]);
    expect(tableRows(added).map(([key]) => key)).toEqual(["/new", "catalogue"]);
    expect(words(none)).toContain("Nothing matches.");
  });

  test("has pages of two hundred differences", async () => {
    await w.record("demo", ["/ v1"]);
    await w.record("beta", ["/ v1"]);
    await w.record(
      "beta",
      Array.from({ length: 203 }, (_, i) => `/news/${1000 + i} v1`),
    );

    const first = await open("?from=demo&to=beta");
    const second = await open((links(first)["More ›"] ?? "").slice(path.length));

    expect(tableRows(first)).toHaveLength(200);
    expect(tableRows(second).map(([key]) => key)).toEqual(["/news/1200", "/news/1201", "/news/1202"]);
    expect(links(second)["‹ Start"]).toBe(`${path}?from=demo&to=beta`);
  });

  test("says beside its field why a side cannot be read", async () => {
    await twoDays();

    const page = await open("?from=beta&from_at=then&to=beta@2126-01-01T00:00Z", "vera", 422);

    expect(words(page)).toContain('"then" is not a valid date and time.');
    expect(words(page)).toContain("1 January 2126, 00:00 is in the future.");
    expect(page).toContain('aria-describedby="from_at-hint from_at-error"');
    expect(page).toContain('aria-describedby="to_at-hint to_at-error"');
    expect(tableRows(page)).toEqual([]);
  });

  test("takes references in the address and in its fields", async () => {
    await twoDays();

    const page = await open("?from=beta~1&to=beta");
    const fields = await open("?from=beta&from_at=~1&to=beta&to_at=%233");
    const wrong = await open("?from=beta~99999&to=demo%233", "vera", 422);

    expect(words(page)).toContain(
      "What differs: beta on 1 February 2026, 09:00 and beta now 2 added, 1 changed and 1 removed",
    );
    expect(tableRows(fields)).toEqual(tableRows(page));
    expect(words(wrong)).toContain("beta has changed 2 times; what was there before the first change is unknown.");
    expect(words(wrong)).toContain("Deployment 3 was on beta, not on demo: it is beta#3.");
  });

  test("links to what changed lately on its environments, if anything is recorded for them", async () => {
    await twoDays();

    const page = await open("?from=beta&to=demo");
    const latest = await open((links(page)["in the last change"] ?? "").slice(path.length));

    expect(words(page)).toContain(
      "What changed on demo: in the last change · since yesterday · in the last 7 days · in the last month " +
        "What changed on beta: in the last change · since yesterday · in the last 7 days · in the last month",
    );
    expect(words(latest)).toContain(
      "What differs: beta on 1 February 2026, 09:00 and beta now 2 added, 1 changed and 1 removed",
    );
    expect(words(await open(`?from=beta@${encodeURIComponent("{a month ago}")}&to=beta`))).toContain(
      "What differs: beta on 3 February 2026, 10:00 and beta now Nothing differs; 5 are the same.",
    );
    expect(words(await open(""))).not.toContain("What changed on live");
  });

  test("says if nothing had been recorded for a side at its moment", async () => {
    await twoDays();

    expect(words(await open("?from=beta@2026-01-15T00:00Z&to=beta"))).toContain(
      "Nothing had been recorded for beta by then. Its record starts on 1 February 2026, 09:00.",
    );
  });

  test("is not found by people without a role, nor for unknown environments", async () => {
    expect((await w.as("oskar").get(path)).status).toBe(404);
    expect((await w.as("vera").get(`${path}?from=prod&to=live`)).status).toBe(404);
    expect((await w.as("vera").get(`${path}?from=beta&to=live&kind=animal`)).status).toBe(400);
  });
});
