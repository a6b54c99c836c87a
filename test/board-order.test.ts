import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import { sortKey } from "../src/record/keys.ts";
import { tableRows, words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);

async function board(path = "", name: Name = "ada") {
  const page = await (await w.as(name).get(path.startsWith("/") ? path : `/sites/shop${path}`)).text();
  const keys = [...page.matchAll(/<tr><td class="pick">.*?<th scope="row"><a [^>]*>(.*?)<\/a>/gs)];
  const next = /(?:formaction|href)="([^"]*)"[^>]*>Next 100</.exec(page)?.[1] ?? "";
  return { page, text: words(page), keys: keys.map(([, key = ""]) => words(key)), next: next.replaceAll("&amp;", "&") };
}

async function everyPage(path: string): Promise<string[]> {
  const keys: string[] = [];
  for (let next = path; next; ) {
    const page = await board(next);
    keys.push(...page.keys);
    next = page.next;
  }
  return keys;
}

describe("by name", () => {
  test("numbers are sorted as numbers, on the board, the environment's page and in comparisons", async () => {
    const keys = ["/news/page-2", "/news/page-10", "/news/page-010", "/news/page-100", "/news/v9", "/news/v10"];
    await w.record("beta", [...keys.map((key) => `${key} v1`).reverse(), "api-v10 1.0", "api-v9 1.0"]);
    await w.record("demo", ["/ v1"]);
    const sorted = [
      "/news/page-2",
      "/news/page-010",
      "/news/page-10",
      "/news/page-100",
      "/news/v9",
      "/news/v10",
      "api-v9",
      "api-v10",
    ];

    const rows = async (path: string) =>
      tableRows(await (await w.as("vera").get(path)).text()).map(([key = ""]) => key.split(" ")[0]);

    expect((await board()).keys).toEqual(["/", ...sorted]);
    expect(await rows("/sites/shop/environments/beta")).toEqual(sorted);
    expect((await rows("/sites/shop/compare?from=beta&to=demo")).filter((key) => key !== "/")).toEqual(sorted);
  });

  test.each([
    ["/page-2", "/page-10"],
    ["/v9", "/v10"],
    ["/v1.9.0", "/v1.10.0"],
    ["/2", "/a"],
    ["/page-99999999999999999998", "/page-99999999999999999999"],
    ["/page-9", "/page-10000000000000000000000"],
    ["/a", "/a1"],
  ])("%s comes before %s", (first, second) => {
    expect(sortKey(first) < sortKey(second)).toBe(true);
  });

  test("pages of the list stay right when rows are recorded between them", async () => {
    await w.record(
      "beta",
      Array.from({ length: 230 }, (_, i) => `/docs/${i} v1`),
    );
    const first = await board();
    expect(first.keys.at(-1)).toBe("/docs/99");
    await w.record("beta", ["/docs/50-new v1", "/docs/99-new v1"]);

    const rest = await everyPage(first.next);

    expect(rest.slice(0, 2)).toEqual(["/docs/99-new", "/docs/100"]);
    expect(rest).toHaveLength(131);
  });
});

describe("by latest change", () => {
  test("the row that changed last in any environment comes first", async () => {
    at("02-01T09:00");
    await w.record("beta", ["/a v1", "/b v1", "/c v1", "checkout 1.0"]);
    at("02-02T09:00");
    await w.promote((await w.release("First", ["/b"])).number, "demo");
    at("02-03T09:00");
    await w.record("live", ["/a v9"]);
    at("02-04T09:00");
    await w.record("beta", ["-/c"]);

    const { keys, page } = await board("?order=latest");

    expect(keys).toEqual(["/c", "/a", "/b", "checkout"]);
    expect(page).toContain('<option value="latest" selected>By latest change');
    expect(page).not.toContain('class="group"');
  });

  test("every row is shown once, page by page, in every filter", async () => {
    for (let i = 0; i < 25; i++) {
      at(`02-${String(i + 1).padStart(2, "0")}T09:00`);
      await w.record(
        "beta",
        Array.from({ length: 10 }, (_, j) => `/docs/${i * 10 + j} v1`),
      );
      if (i % 3 === 0) await w.record("demo", [`/docs/${i * 10} v1`, `/docs/${Math.floor(i / 2) * 10 + 1} v1`]);
    }
    const all = await everyPage("/sites/shop?order=latest");

    expect(all).toHaveLength(250);
    expect(new Set(all).size).toBe(250);
    expect(all.slice(0, 11).every((key) => /^\/docs\/(24\d|121)$/.test(key))).toBe(true);
    const filtered = await everyPage("/sites/shop?text=/docs/1&order=latest");
    expect(filtered).toEqual(all.filter((key) => key.startsWith("/docs/1")));
    const missing = await everyPage("/sites/shop?differs=beta,demo&order=latest");
    expect(missing).toHaveLength((await everyPage("/sites/shop?differs=beta,demo")).length);
    expect((await board(`/sites/shop?order=latest&kind=software`)).keys).toEqual([]);
  });

  test("what was recorded by mistake only comes last", async () => {
    at("02-01T09:00");
    await w.record("beta", ["/right v1"]);
    at("02-02T09:00");
    const { number } = await w.record("beta", ["/wrong v1"]);
    await correct(w.db, await w.by("ada"), w.site, { deployment: number, reason: "A test" });

    expect((await board("?order=latest")).keys).toEqual(["/right", "/wrong"]);
  });

  test("the order is kept by filters, by loading more, by the selection and by the CSV", async () => {
    at("02-01T09:00");
    await w.record(
      "beta",
      Array.from({ length: 120 }, (_, i) => `/docs/${i} v1`),
    );
    at("02-02T09:00");
    await w.record("beta", ["/docs/77 v2", "search 1"]);

    const { page, next } = await board("?order=latest");

    expect(next).toMatch(/^\/sites\/shop\?order=latest&after=change:2026-02-01T09:00:00\.000Z\.[\w-]+$/);
    expect(page).toMatch(/formaction="\/sites\/shop\?unknown=1&amp;order=latest" id="chip-unknown"/);
    expect(page).toContain('href="/sites/shop/export.csv?order=latest"');
    const added = await w
      .as("ada")
      .get(`${next}&shown=${encodeURIComponent("order=latest")}`, { "hx-request": "true" });
    expect(added.headers.get("hx-replace-url")).toBe("/sites/shop?order=latest&rows=200");
    const form = { order: "latest", kind: "page", section: "", text: "", filter: "1" };
    expect((await w.as("ada").post("/sites/shop", form)).headers.get("location")).toBe(
      "/sites/shop?kind=page&order=latest",
    );
    const selected = await w.as("ada").post("/sites/shop?order=latest", { select: "all", shown: "order=latest" });
    expect(selected.headers.get("hx-replace-url")).toBe("/sites/shop?order=latest");
    expect((await selected.text()).match(/name="choose" value="[^"]*" checked/g)).toHaveLength(121);
    const csv = await (await w.as("vera").get("/sites/shop/export.csv?order=latest&kind=page")).text();
    expect(csv.split("\r\n")[1]).toMatch(/^page,\/docs\/77,/);
    expect(csv.split("\r\n").filter((line) => line.startsWith("page,"))).toHaveLength(120);
  });

  test("an address that cannot be read shows the start", async () => {
    await w.record("beta", ["/ v1"]);
    for (const after of ["page:/", "change:x.y", "change:", "%00"])
      expect((await board(`?order=latest&after=${after}`)).text, after).toContain("no longer exists");
    expect((await board("?order=newest")).keys).toEqual(["/"]);
  });
});

describe("the jump list of a long board", () => {
  test("has a link to each section that opens it, and keeps the filter", async () => {
    const sections = ["docs", "help", "shop"].flatMap((name) =>
      Array.from({ length: 180 }, (_, i) => `/${name}/${i} v1`),
    );
    await w.record("beta", [...sections, "/ v1", "search 1"]);

    const folded = await board("", "vera");
    const list = await board("?rows=100", "vera");

    for (const { page } of [folded, list]) {
      expect(words(/<ul class="jumps">(.*?)<\/ul>/s.exec(page)?.[1] ?? "")).toBe(
        "Top level 1 /docs 180 /help 180 /shop 180 Software 1",
      );
      expect(page).toContain('<a href="/sites/shop?kind=page&amp;section=/help">/help</a>');
    }
    expect((await board("?kind=page&section=/help", "vera")).keys).toHaveLength(100);
    expect((await board("?kind=page&section=/help", "vera")).page).not.toContain('class="jumps"');
    const manager = await board("?text=1");
    expect(manager.page).not.toContain('class="jumps"');
    expect((await board("?unknown=1")).page).toContain(
      'formaction="/sites/shop?kind=page&amp;section=/help&amp;unknown=1"',
    );
  });
});
