import { afterEach, beforeEach, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import { machine } from "./support/api.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let viewer: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  viewer = await machine(w, "viewer");
});
afterEach(() => w.close());

test("the list has every page and software item, with its version in each environment", async () => {
  await w.record("beta", ["/sale v2", "/about v1", "checkout 3.4.1"]);
  await w.record("live", ["/sale v1"]);
  await w.record("live", ["-/sale"]);
  const { body } = await viewer.get("/sites/shop/artifacts");
  expect(body.items.map((item: { key: string }) => item.key)).toEqual(["/about", "/sale", "checkout"]);
  const flags = { baseline: false, before_approval: false };
  expect(body.items[1]).toEqual({
    kind: "page",
    key: "/sale",
    owner: null,
    title: null,
    placements: [
      { environment: "beta", version: "v2", effective_at: w.clock.at, out_of_band: false, ...flags },
      { environment: "live", version: null, effective_at: w.clock.at, out_of_band: true, ...flags },
    ],
  });
});

test("a client finds artifacts by kind and by a part of the name, page by page", async () => {
  await w.record(
    "beta",
    ["/sale v2", "/about v1", "/100% v1", "checkout 3.4.1"].filter((line) => !line.includes("%")),
  );
  const keys = async (query: string) =>
    (await viewer.get(`/sites/shop/artifacts?${query}`)).body.items.map((item: { key: string }) => item.key);
  expect(await keys("kind=software")).toEqual(["checkout"]);
  expect(await keys("q=SAL")).toEqual(["/sale"]);
  expect(await keys("q=%25")).toEqual([]);
  const first = (await viewer.get("/sites/shop/artifacts?limit=2")).body;
  expect(await keys(`limit=2&cursor=${first.next}`)).toEqual(["checkout"]);
});

test("a page's history has all environments, both clocks, and who approved", async () => {
  await w.record("beta", ["/sale v1"], { effective_at: "2026-02-01T00:00:00Z" });
  const { number } = await w.release("Spring", ["/sale"]);
  w.clock.at = "2026-03-03T12:00:00.000Z";
  await w.promote(number, "demo");
  const { body } = await viewer.get("/sites/shop/artifacts/page/history?key=/sale");
  expect(body.items).toEqual([
    {
      environment: "demo",
      version: "v1",
      title: null,
      digest: null,
      effective_at: "2026-03-03T12:00:00.000Z",
      recorded_at: "2026-03-03T12:00:00.000Z",
      deployment: 2,
      promotion: 1,
      approved_by: [{ person: "Theo", kind: "person", role: "tester", decided_at: "2026-03-03T12:00:00.000Z" }],
      out_of_band: false,
      baseline: false,
      before_approval: false,
      redirect: null,
      rollback_of: null,
      rollback_in_part: false,
      rolled_back_by: null,
      rolled_back_in_part: false,
      without_gate: false,
      corrections: [],
    },
    expect.objectContaining({
      environment: "beta",
      effective_at: "2026-02-01T00:00:00.000Z",
      recorded_at: "2026-03-03T10:00:00.000Z",
    }),
  ]);
});

test("a corrected line stays in the history, with the reason", async () => {
  await w.record("beta", ["/sale v1"]);
  await correct(w.db, await w.by("ada"), w.site, { deployment: 1, kind: "page", key: "/sale", reason: "Typo" });
  const { body } = await viewer.get("/sites/shop/artifacts/page/history?key=/sale");
  expect(body.items[0].corrections).toEqual([
    { recorded_at: w.clock.at, person: "Ada", reason: "Typo", stands: false, instead: null },
  ]);
});

test("a history is listed page by page, newest first", async () => {
  for (const day of [1, 2, 3]) await w.record("beta", [`/ v${day}`], { effective_at: `2026-02-0${day}T00:00:00Z` });
  const path = "/sites/shop/artifacts/page/history?key=/&limit=2";
  const first = (await viewer.get(path)).body;
  const second = (await viewer.get(`${path}&cursor=${first.next}`)).body;
  const versions = [...first.items, ...second.items].map((item: { version: string }) => item.version);
  expect(versions).toEqual(["v3", "v2", "v1"]);
  expect(second.next).toBeNull();
});

test("all spellings of a path are one page", async () => {
  const ci = await machine(w, "contributor");
  const record = (key: string) =>
    ci.post("/sites/shop/environments/beta/deployments", { placements: [{ kind: "page", key, version: "v1" }] });
  await record("/caf%C3%A9/größe");
  for (const key of ["/café/größe", "/café/größe".normalize("NFD"), "/caf%c3%a9/gr%C3%B6%C3%9Fe"]) {
    expect((await record(key)).body).toMatchObject({ changed: 0, unchanged: 1 });
    const history = await viewer.get(`/sites/shop/artifacts/page/history?key=${encodeURIComponent(key)}`);
    expect(history.body.items).toHaveLength(1);
  }
  const { items } = (await viewer.get("/sites/shop/artifacts")).body;
  expect(items.map((item: { key: string }) => item.key)).toEqual(["/café/größe"]);
});

test("the history of an artifact that was never recorded is not found", async () => {
  for (const [path, detail] of [
    ["page/history?key=/never", "Page not found."],
    ["software/history?key=never", "Software not found."],
    ["gadget/history?key=never", "Address not found."],
  ] as const) {
    const { status, body } = await viewer.get(`/sites/shop/artifacts/${path}`);
    expect(status).toBe(404);
    expect(body.detail).toBe(detail);
  }
});
