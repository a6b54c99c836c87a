import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compare, type Sides, tallyOf } from "../src/compare/queries.ts";
import { parseReference } from "../src/compare/references.ts";
import { latest } from "../src/environments/as-of.ts";
import { links, rows, words } from "./words.ts";
import { type Name, place, type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);
const path = "/sites/shop/compare";

async function look(query: string, who: Name = "vera", status = 200): Promise<string> {
  const response = await w.as(who).get(path + query);
  expect(response.status, query).toBe(status);
  return response.text();
}

/** Beta changes on 2 February: /new comes, /sale changes, /old goes, /same and checkout stay. */
async function twoDays(): Promise<void> {
  at("02-01T09:00");
  await w.record("beta", ["/old v1", "/sale v1", "/same v1", "checkout 1.0.0"]);
  await w.release("Opening");
  await w.promote(1, "demo");
  at("02-02T09:00");
  await w.record("beta", ["/new v1", "/sale v2", "-/old", "catalogue 2.0.0"]);
  at("03-03T10:00");
}

const sides = (from: string, to: string): Sides => {
  const side = (text: string) => {
    const read = parseReference(text, w.site, w.clock.at);
    if ("wrong" in read) throw new Error(read.wrong);
    return read;
  };
  return { from: side(from), to: side(to) };
};

describe("the comparison", () => {
  test("of two environments: what was added, changed, removed, and how much is the same", async () => {
    await twoDays();

    const found = await compare(w.db, w.site, sides("demo", "beta"));

    expect(found.map(({ key, change, from, to }) => [key, change, from, to])).toEqual([
      ["/new", "added", null, "v1"],
      ["/old", "removed", "v1", null],
      ["/sale", "changed", "v1", "v2"],
      ["catalogue", "added", null, "2.0.0"],
    ]);
    expect(await tallyOf(w.db, w.site, sides("demo", "beta"))).toEqual({
      page: { added: 1, changed: 1, removed: 1, same: 1 },
      software: { added: 1, changed: 0, removed: 0, same: 1 },
    });
  });

  test("of one environment at two moments, either way round", async () => {
    await twoDays();
    const before = "beta@2026-02-01T12:00:00Z";

    const forth = await compare(w.db, w.site, sides(before, "beta@2026-02-02T09:00:00Z"));
    const back = await compare(w.db, w.site, sides("beta", before));

    expect(forth.map(({ key, change }) => [key, change])).toEqual([
      ["/new", "added"],
      ["/old", "removed"],
      ["/sale", "changed"],
      ["catalogue", "added"],
    ]);
    expect(back.map(({ key, change, from, to }) => [key, change, from, to])).toEqual([
      ["/new", "removed", "v1", null],
      ["/old", "added", null, "v1"],
      ["/sale", "changed", "v2", "v1"],
      ["catalogue", "removed", "2.0.0", null],
    ]);
    expect(await compare(w.db, w.site, sides("beta", "beta"))).toEqual([]);
  });

  test("goes on by key, and takes only some kinds and changes", async () => {
    await twoDays();
    const both = sides("demo", "beta");
    const keys = async (slice: Parameters<typeof compare>[3]) =>
      (await compare(w.db, w.site, both, slice)).map((one) => one.key);

    expect(await keys({ limit: 2 })).toEqual(["/new", "/old"]);
    expect(await keys({ after: { kind: "page", section: "", key: "/old" } })).toEqual(["/sale", "catalogue"]);
    expect(await keys({ kind: "software" })).toEqual(["catalogue"]);
    expect(await keys({ change: "removed" })).toEqual(["/old"]);
  });

  test("says a version that went and came back is the same", async () => {
    await w.record("beta", ["/sale v1"], { effective_at: "2026-02-01T09:00:00Z" });
    await w.record("beta", ["-/sale"], { effective_at: "2026-02-02T09:00:00Z" });
    await w.record("beta", ["/sale v1"], { effective_at: "2026-02-03T09:00:00Z" });

    expect(await compare(w.db, w.site, sides("beta@2026-02-01T12:00:00Z", "beta"))).toEqual([]);
    expect(await compare(w.db, w.site, sides("beta@2026-02-02T12:00:00Z", "beta"))).toHaveLength(1);
  });
});

describe("a reference", () => {
  test("is an environment, now or at a moment", () => {
    expect(parseReference("live", w.site, w.clock.at)).toEqual({
      environment: place(w.site, "live"),
      moment: { asOf: latest },
    });
    expect(parseReference(" beta@2026-02-01T09:00:00+01:00 ", w.site, w.clock.at)).toMatchObject({
      environment: { slug: "beta" },
      moment: { asOf: "2026-02-01T08:00:00.000Z" },
      at: "2026-02-01T08:00:00.000Z",
    });
    expect(parseReference("live@now", w.site, w.clock.at)).toMatchObject({ moment: { asOf: latest } });
  });

  test("to a moment that is none says why, to an environment that is none is missing", () => {
    expect(parseReference("live@soon", w.site, w.clock.at)).toEqual({
      wrong: expect.stringContaining('"soon" is no moment'),
    });
    expect(parseReference("live@2126-01-01T00:00:00Z", w.site, w.clock.at)).toHaveProperty("wrong");
    expect(() => parseReference("prod", w.site, w.clock.at)).toThrow("There is no such environment.");
    expect(() => parseReference("", w.site, w.clock.at)).toThrow("There is no such environment.");
  });
});

describe("the page", () => {
  test("compares the last two environments until it is told which", async () => {
    await twoDays();

    const page = await look("");

    expect(words(page)).toContain("From demo to live 4 removed; 0 are the same.");
    expect(words(page)).toContain("live is unknown, not empty: nobody has told Sitebook of it yet.");
  });

  test("groups by section, and leads to each page on both servers", async () => {
    await twoDays();
    await w.record("beta", ["/sale/größen v1"]);

    const page = await look("?from=demo&to=beta");

    expect(words(page)).toContain("From demo to beta 3 added, 1 changed and 1 removed; 2 are the same.");
    expect(rows(page)).toEqual([
      ["/new", "added", "not there", "v1 since 2 Feb, 09:00", "beta"],
      ["/old", "removed", "v1 since 1 Feb, 09:00", "not there", "demo"],
      ["/sale", "changed", "v1 since 1 Feb, 09:00", "v2 since 2 Feb, 09:00", "demo beta"],
      ["/sale/größen", "added", "not there", "v1 since 3 Mar, 10:00", "beta"],
      ["catalogue", "added", "not there", "2.0.0 since 2 Feb, 09:00", ""],
    ]);
    expect(page).toContain(
      'href="https://beta.shop.example/sale/gr%C3%B6%C3%9Fen" aria-label="See /sale/größen on beta"',
    );
    expect(links(page).Swap).toBe(`${path}?from=beta&to=demo`);
  });

  test("takes a moment for each side from the form, and has an address for them", async () => {
    await twoDays();

    const page = await look("?from=beta&from_at=2026-02-01T12:00&to=beta&to_at=2026-02-02T09:00");

    expect(page).toContain('<body class="past">');
    expect(words(page)).toContain("From beta on 1 February 2026, 12:00 to beta on 2 February 2026, 09:00");
    expect(words(page)).toContain("2 added, 1 changed and 1 removed; 2 are the same.");
    const address = `${path}?from=beta@2026-02-01T12:00Z&to=beta@2026-02-02T09:00Z`;
    expect(links(page)["Link to this"]).toBe(address);
    const again = await look(address.slice(path.length));
    expect(rows(again)).toEqual(rows(page));
    expect(again).toContain('value="2026-02-01T12:00"');
  });

  test("shows only pages, only software, or only one kind of change, each with its count", async () => {
    await twoDays();

    const page = await look("?from=demo&to=beta");
    const software = await look((links(page)["Only software 1"] ?? "").slice(path.length));
    const added = await look((links(page)["Added 2"] ?? "").slice(path.length));
    const none = await look("?from=demo&to=beta&kind=software&change=removed");

    expect(rows(software).map(([key]) => key)).toEqual(["catalogue"]);
    expect(rows(added).map(([key]) => key)).toEqual(["/new", "catalogue"]);
    expect(words(none)).toContain("Nothing differs in that way.");
  });

  test("goes on by pages of two hundred", async () => {
    await w.record(
      "beta",
      Array.from({ length: 203 }, (_, i) => `/news/${1000 + i} v1`),
    );

    const first = await look("?from=demo&to=beta");
    const second = await look((links(first)["More ›"] ?? "").slice(path.length));

    expect(rows(first)).toHaveLength(200);
    expect(rows(second).map(([key]) => key)).toEqual(["/news/1200", "/news/1201", "/news/1202"]);
    expect(links(second)["‹ Beginning"]).toBe(`${path}?from=demo&to=beta`);
  });

  test("says which side cannot be read, beside its field", async () => {
    await twoDays();

    const page = await look("?from=beta&from_at=then&to=beta@2126-01-01T00:00Z", "vera", 422);

    expect(words(page)).toContain('"then" is no moment.');
    expect(words(page)).toContain("1 January 2126, 00:00 is still to come.");
    expect(page).toContain('aria-describedby="from_at-error"');
    expect(page).toContain('aria-describedby="to_at-error"');
    expect(rows(page)).toEqual([]);
  });

  test("says that a side was unknown at its moment", async () => {
    await twoDays();

    expect(words(await look("?from=beta@2026-01-15T00:00Z&to=beta"))).toContain(
      "beta was unknown then, not empty: Sitebook was told of it from 1 February 2026, 09:00 on.",
    );
  });

  test("is not there for strangers, nor for places that are not there", async () => {
    expect((await w.as("oskar").get(path)).status).toBe(404);
    expect((await w.as("vera").get(`${path}?from=prod&to=live`)).status).toBe(404);
    expect((await w.as("vera").get(`${path}?from=beta&to=live&kind=animal`)).status).toBe(400);
  });
});
