import { afterEach, beforeEach, expect, test } from "vitest";
import { countRowsIn, machine } from "./support/api.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let manager: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  manager = await machine(w, "account-manager");
  await w.record("beta", ["/ v1", "/sale v2", "checkout 3.4.1"]);
});
afterEach(() => w.close());

const contents = [
  { kind: "software", key: "checkout", version: "3.4.1" },
  { kind: "page", key: "/sale", version: "v2" },
];

test("a release is a frozen snapshot of what is on beta", async () => {
  const created = await manager.post("/sites/shop/releases", { name: "Spring", notes: "For <b>Easter</b>", contents });
  expect(created.status).toBe(201);
  expect(created.body).toEqual({
    number: 1,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    contents: [contents[1], contents[0]],
  });
  await w.record("beta", ["/sale v3"]);
  const { body } = await manager.get("/sites/shop/releases/1");
  expect(body).toMatchObject({
    number: 1,
    name: "Spring",
    notes: "For <b>Easter</b>",
    digest: created.body.digest,
    environment: "beta",
    person: "account-manager token",
    size: 2,
    contents: [
      { kind: "page", key: "/sale", version: "v2" },
      { kind: "software", key: "checkout", version: "3.4.1" },
    ],
  });
});

test("a release contains all differences between two environments, with removals", async () => {
  await w.record("demo", ["/ v1", "/sale v1"]);
  await w.record("beta", ["-/sale"]);
  const { body } = await manager.post("/sites/shop/releases", {
    name: "All",
    differences: { from: "beta", to: "demo" },
  });
  expect(body.contents).toEqual([
    { kind: "page", key: "/sale", version: null },
    { kind: "software", key: "checkout", version: "3.4.1" },
  ]);
});

test("a machine creates a release from another environment", async () => {
  await w.record("demo", ["/ v7"]);
  const { status } = await manager.post("/sites/shop/releases", {
    name: "From demo",
    from: "demo",
    contents: [{ kind: "page", key: "/", version: "v7" }],
  });
  expect(status).toBe(201);
});

test("contents that are not on beta are refused, with what is there, and no release is created", async () => {
  const before = await countRowsIn(w);
  const { status, body } = await manager.post("/sites/shop/releases", {
    name: "Spring",
    contents: [
      { kind: "page", key: "/", version: "v9" },
      { kind: "page", key: "/never", version: "v1" },
      { kind: "page", key: "/sale", version: null },
    ],
  });
  expect(status).toBe(404);
  expect(body.errors).toEqual([
    { path: "contents.0.version", message: "beta has / v1, not v9." },
    { path: "contents.1.version", message: "/never was never recorded on beta." },
    { path: "contents.2.version", message: "/sale has not been removed from beta: it is at v2." },
  ]);
  expect(await countRowsIn(w)).toEqual(before);
});

test("if only versions are wrong, and no artifact is unknown, the release is refused with 422", async () => {
  const { status, body } = await manager.post("/sites/shop/releases", {
    name: "Spring",
    contents: [{ kind: "page", key: "/sale", version: null }],
  });

  expect(status).toBe(422);
  expect(body.detail).toBe("/sale has not been removed from beta: it is at v2.");
});

test("a release needs either contents or differences, and known environments", async () => {
  const post = (body: object) => manager.post("/sites/shop/releases", { name: "Spring", ...body });
  for (const body of [{}, { contents, differences: { from: "beta", to: "demo" } }, { contents: [] }])
    expect((await post(body)).status).toBe(422);
  expect((await post({ contents: [contents[0], contents[0]] })).body.detail).toBe("checkout is listed twice.");
  expect((await post({ differences: { from: "beta", to: "nowhere" } })).status).toBe(404);
  expect((await post({ from: "nowhere", contents })).status).toBe(404);
  expect((await post({ differences: { from: "live", to: "beta" } })).status).toBe(422);
});

test("a client lists releases newest first, page by page", async () => {
  for (const name of ["One", "Two", "Three"]) await w.release(name, ["/"]);
  const first = (await manager.get("/sites/shop/releases?limit=2")).body;
  expect(first.items).toMatchObject([{ number: 3, name: "Three", size: 1 }, { number: 2 }]);
  const second = (await manager.get(`/sites/shop/releases?limit=2&cursor=${first.next}`)).body;
  expect(second).toMatchObject({ items: [{ number: 1, name: "One" }], next: null });
});

test("a repeated request creates one release", async () => {
  const post = () => manager.post("/sites/shop/releases", { name: "Spring", contents }, { "idempotency-key": "r" });
  const [first, second] = await Promise.all([post(), post()]);
  expect(second.body).toEqual(first.body);
  expect((await manager.get("/sites/shop/releases")).body.items).toHaveLength(1);
});

test("an unknown release is not found", async () => {
  for (const number of ["1", "0", "x", "1e3", "99999999999999999999"])
    expect((await manager.get(`/sites/shop/releases/${number}`)).status).toBe(404);
});
