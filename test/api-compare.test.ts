import { afterEach, beforeEach, expect, test } from "vitest";
import { machine } from "./support/api.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

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
      // beta was never recorded to have it, so whether it is there is unknown
      { kind: "page", key: "/old", change: "unknown", from: "v1", to: null },
      { kind: "software", key: "checkout", change: "changed", from: "1.0.0", to: "2.0.0" },
    ],
    next: null,
    unknown: [],
  });
});

test("neighbours differ in what a promotion would change, and what never was there is not called removed", async () => {
  await w.promote((await w.release("Before")).number, "demo");
  await w.record("beta", ["/ v3", "/newer v1", "-/new", "-/same", "checkout 2.0.0"]);
  await w.record("demo", ["-/same", "/here v1"]);
  await w.record("beta", ["/same v2"]);

  const { items, unknown } = await compare("from=beta&to=demo");

  expect(unknown).toEqual([]);
  expect(items).toEqual([
    { kind: "page", key: "/", change: "changed", promotion: "changed", from: "v3", to: "v2" },
    { kind: "page", key: "/here", change: "unknown", promotion: null, from: null, to: "v1" },
    { kind: "page", key: "/new", change: "added", promotion: "removed", from: null, to: "v1" },
    { kind: "page", key: "/newer", change: "missing", promotion: "new", from: "v1", to: null },
    { kind: "page", key: "/same", change: "removed", promotion: "new", from: "v2", to: null },
  ]);
  const backwards = (await compare("from=demo&to=beta")).items;
  expect(backwards.map(({ change }: { change: string }) => change)).toEqual([
    "changed",
    "unknown",
    "removed",
    "added",
    "added",
  ]);
  expect(backwards[0]).not.toHaveProperty("promotion");
});

test("a promotion of what compares as new, changed and removed does just that", async () => {
  await w.promote((await w.release("Before")).number, "demo");
  await w.record("beta", ["/ v3", "/newer v1", "-/new"]);
  const { items } = await compare("from=beta&to=demo");
  await w.ask((await w.release("After")).number, "demo");

  const page = words(await (await w.as("theo").get("/sites/shop/promotions/2")).text());

  expect(items.map(({ key, promotion }: Record<string, string>) => [key, promotion])).toEqual([
    ["/", "changed"],
    ["/new", "removed"],
    ["/newer", "new"],
  ]);
  expect(page).toContain("1 new page and 1 changed will go to demo. 1 page will be removed from demo.");
});

test("a comparison with what was never recorded is unknown and has no items", async () => {
  expect(await compare("from=beta&to=demo")).toEqual({ items: [], next: null, unknown: ["to"] });
  expect(await compare("from=live@2026-01-01T00:00:00Z&to=live")).toEqual({ items: [], next: null, unknown: ["from"] });
  expect(await compare("from=demo&to=demo")).toEqual({ items: [], next: null, unknown: ["from", "to"] });
});

test("one environment can be compared with itself at another moment", async () => {
  await w.record("live", ["/ v3"]);
  const { items } = await compare("from=live@2026-03-03T09:00:00Z&to=live");
  expect(items).toEqual([{ kind: "page", key: "/", change: "changed", from: "v1", to: "v3" }]);
  expect((await compare("from=live&to=live")).items).toEqual([]);
});

test("a client lists the differences of one kind, page by page", async () => {
  expect((await compare("from=live&to=beta&kind=software")).items).toHaveLength(1);
  const first = await compare("from=live&to=beta&limit=3");
  const second = await compare(`from=live&to=beta&limit=3&cursor=${first.next}`);
  expect([...first.items, ...second.items].map((item: { key: string }) => item.key)).toEqual([
    "/",
    "/new",
    "/old",
    "checkout",
  ]);
});

test("an unknown environment is not found, and an invalid moment is named", async () => {
  expect((await viewer.get("/sites/shop/compare?from=live&to=nowhere")).status).toBe(404);
  const { status, body } = await viewer.get("/sites/shop/compare?from=live@someday&to=live");
  expect(status).toBe(422);
  expect(body.errors).toMatchObject([
    { path: "from", message: expect.stringContaining('"someday" is not a valid date and time') },
  ]);
  const alone = await viewer.get("/sites/shop/compare?from=live");
  expect(alone.body.errors).toEqual([{ path: "to", message: '"to" is missing.' }]);
});

test("a side can be several changes back, after a deployment, or at a time in natural language", async () => {
  const refused = async (from: string) => {
    const { status, body } = await viewer.get(`/sites/shop/compare?from=${encodeURIComponent(from)}&to=live`);
    expect(status).toBe(422);
    return body.errors[0].message;
  };
  await w.record("live", ["/ v3"]);
  const change = [{ kind: "page", key: "/", change: "changed", from: "v1", to: "v3" }];

  for (const from of ["live~1", "live#1", "live@{an.hour.ago}", "live@{1 February 10:00}", "live@2026-02-01 10:00"])
    expect((await compare(`from=${encodeURIComponent(from)}&to=live`)).items, from).toEqual(change);
  expect(await refused("live~99999")).toContain("live has changed 2 times");
  expect(await refused("live#2")).toBe("Deployment 2 was on beta, not on live: it is beta#2.");
  expect(await refused("live#99")).toBe("There is no deployment 99.");
  expect(await refused("live@{tomorrow}")).toContain("in the future");
});

test("the deployments of an environment at a moment are those up to that moment", async () => {
  await w.record("live", ["/ v3"]);
  const numbers = async (environment: string) => {
    const { body } = await viewer.get(`/sites/shop/deployments?environment=${encodeURIComponent(environment)}`);
    return body.items.map((item: { number: number }) => item.number);
  };

  expect(await numbers("live")).toEqual([3, 1]);
  expect(await numbers("live~1")).toEqual([1]);
  expect(await numbers("live#3")).toEqual([3, 1]);
});
