import { afterEach, beforeEach, expect, test } from "vitest";
import { machine } from "./api.ts";
import { type World, world } from "./world.ts";

let w: World;
let viewer: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  viewer = await machine(w, "viewer");
  await w.record("live", ["/ v1", "/old v1", "/same v1", "checkout 1.0.0"], { effective_at: "2026-02-01T00:00:00Z" });
  await w.record("beta", ["/ v2", "/new v1", "/same v1", "checkout 2.0.0"], { effective_at: "2026-02-02T00:00:00Z" });
});
afterEach(() => w.close());

const compare = async (query: string) => (await viewer.get(`/sites/shop/compare?${query}`)).body;

test("two environments differ in what was added, changed and removed", async () => {
  expect(await compare("from=live&to=beta")).toEqual({
    items: [
      { kind: "page", key: "/", change: "changed", from: "v1", to: "v2" },
      { kind: "page", key: "/new", change: "added", from: null, to: "v1" },
      { kind: "page", key: "/old", change: "removed", from: "v1", to: null },
      { kind: "software", key: "checkout", change: "changed", from: "1.0.0", to: "2.0.0" },
    ],
    next: null,
  });
});

test("one environment differs from itself at another moment", async () => {
  await w.record("live", ["/ v3"]);
  const { items } = await compare("from=live@2026-03-03T09:00:00Z&to=live");
  expect(items).toEqual([{ kind: "page", key: "/", change: "changed", from: "v1", to: "v3" }]);
  expect((await compare("from=live&to=live")).items).toEqual([]);
});

test("differences can be narrowed to a kind, and come page by page", async () => {
  expect((await compare("from=live&to=beta&kind=software")).items).toHaveLength(1);
  const first = await compare("from=live&to=beta&limit=3");
  const second = await compare(`from=live&to=beta&limit=3&cursor=${first.next}`);
  expect([...first.items, ...second.items].map((one: { key: string }) => one.key)).toEqual([
    "/",
    "/new",
    "/old",
    "checkout",
  ]);
});

test("an environment that is not there is not found, and a moment that is none is said", async () => {
  expect((await viewer.get("/sites/shop/compare?from=live&to=nowhere")).status).toBe(404);
  const { status, body } = await viewer.get("/sites/shop/compare?from=live@yesterday&to=live");
  expect(status).toBe(422);
  expect(body.errors).toMatchObject([{ path: "from", message: expect.stringContaining('"yesterday" is no moment') }]);
  const alone = await viewer.get("/sites/shop/compare?from=live");
  expect(alone.body.errors).toEqual([{ path: "to", message: '"to" is missing.' }]);
});
