import { afterEach, beforeEach, expect, test } from "vitest";
import { machine } from "./support/api.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let viewer: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  viewer = await machine(w, "viewer");
});
afterEach(() => w.close());

const placements = async (query: string, environment = "beta") =>
  (await viewer.get(`/sites/shop/environments/${environment}/placements?${query}`)).body;
const named = (items: { key: string; version: string }[]) => items.map(({ key, version }) => `${key} ${version}`);

test("environments are listed in their order, with the number of pages and software items", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
  await w.record("beta", ["-/sale"]);
  const { body } = await viewer.get("/sites/shop/environments");
  expect(body.items[0]).toEqual({
    slug: "beta",
    name: "beta",
    position: 1,
    tier: "development",
    servers: [{ name: "web", base_url: "https://beta.shop.example" }],
    pages: 1,
    software: 1,
    frozen: false,
  });
  expect(body.items.map((item: { slug: string }) => item.slug)).toEqual(["beta", "demo", "live"]);
});

test("each placement on live has its promotion, and who approved it", async () => {
  await w.record("beta", ["/ v1", "checkout 3.4.1"]);
  const { number } = await w.release("Spring", ["/", "checkout"]);
  await w.promote(number, "demo");
  w.clock.at = "2026-03-03T12:00:00.000Z";
  await w.promote(number, "live", { effective_at: "2026-03-03T11:00:00.000Z" });
  await w.record("live", ["/new v1"]);
  const { items } = await placements("", "live");
  expect(items).toEqual([
    {
      kind: "page",
      key: "/",
      title: null,
      version: "v1",
      digest: null,
      effective_at: "2026-03-03T11:00:00.000Z",
      recorded_at: "2026-03-03T12:00:00.000Z",
      deployment: 3,
      promotion: 2,
      approved_by: [{ person: "Mara", kind: "person", role: "marketing", decided_at: "2026-03-03T12:00:00.000Z" }],
      out_of_band: false,
      baseline: false,
      before_approval: true,
      rollback_of: null,
      rollback_in_part: false,
      rolled_back_by: null,
      rolled_back_in_part: false,
      without_gate: false,
    },
    expect.objectContaining({ key: "/new", promotion: null, approved_by: [], out_of_band: true }),
    expect.objectContaining({ kind: "software", key: "checkout", promotion: 2 }),
  ]);
});

test("a client reads what was on an environment at a past moment, and what was known of it at another", async () => {
  await w.record("beta", ["/ v1"], { effective_at: "2026-02-01T00:00:00Z" });
  w.clock.at = "2026-03-05T00:00:00.000Z";
  await w.record("beta", ["/ v2"], { effective_at: "2026-02-02T00:00:00Z" });
  expect(named((await placements("")).items)).toEqual(["/ v2"]);
  expect(named((await placements("as_of=2026-02-01T12:00:00Z")).items)).toEqual(["/ v1"]);
  expect((await placements("as_of=2026-01-01T12:00:00Z")).items).toEqual([]);
  const known = "as_of=2026-02-03T00:00:00Z&known_at=2026-03-04T00:00:00Z";
  expect(named((await placements(known)).items)).toEqual(["/ v1"]);
});

test("an offset in an address works with and without its plus sign encoded", async () => {
  await w.record("beta", ["/ v1"], { effective_at: "2026-02-01T00:00:00Z" });
  for (const plus of ["+", "%2B"]) {
    expect((await placements(`as_of=2026-02-01T00:30:00${plus}01:00`)).items).toEqual([]);
    expect((await placements(`as_of=2026-02-01T01:00:00${plus}01:00`)).items).toHaveLength(1);
  }
});

test("a client lists placements by kind and key, page by page, and searches them", async () => {
  await w.record("beta", ["/b v1", "/a/z v1", "/a v1", "/Ä v1", "zeta 1.0.0", "alpha 1.0.0", "/a-z v1"]);
  const all = ["/a", "/a-z", "/a/z", "/b", "/Ä", "alpha", "zeta"];
  const keys: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await placements(`limit=3${cursor}`);
    expect(page.items.length).toBeLessThanOrEqual(3);
    keys.push(...page.items.map((item: { key: string }) => item.key));
    if (!page.next) break;
    cursor = `&cursor=${page.next}`;
  }
  expect(keys).toEqual(all);
  expect(named((await placements("kind=software")).items)).toEqual(["alpha 1.0.0", "zeta 1.0.0"]);
  expect(named((await placements("q=A/")).items)).toEqual(["/a/z v1"]);
});

test("all pages of one list show the same moment, whatever is recorded in between", async () => {
  await w.record("beta", ["/a v1", "/b v1"]);
  const first = await placements("limit=1");
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await w.record("beta", ["/a v2", "/b v2", "/c v2"]);
  expect(named((await placements(`limit=1&cursor=${first.next}`)).items)).toEqual(["/b v1"]);
  expect(named((await placements("")).items)).toEqual(["/a v2", "/b v2", "/c v2"]);
});

test("a removed page is not listed", async () => {
  await w.record("beta", ["/a v1", "/b v1"]);
  await w.record("beta", ["-/a"]);
  expect(named((await placements("")).items)).toEqual(["/b v1"]);
});
