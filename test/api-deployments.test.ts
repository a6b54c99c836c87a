import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../src/database/connect.ts";
import { verify } from "../src/integrity/verify.ts";
import { machine } from "./support/api.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let ci: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  ci = await machine(w, "contributor");
});
afterEach(() => w.close());

const page = (key: string, version: string | null) => ({ kind: "page", key, version });

test("a CI job records what it deployed to beta", async () => {
  const answer = await ci.post("/sites/shop/environments/beta/deployments", {
    note: "Nightly",
    source: "https://ci.example/4711",
    placements: [
      {
        kind: "page",
        key: "/sale",
        version: "v1",
        digest: "sha256:1",
        title: "Sale",
        requires: { checkout: ">=3.2 <4" },
      },
      { kind: "software", key: "checkout", version: "3.4.1", source: "git:abc", notes: "Faster" },
    ],
  });
  expect(answer.status).toBe(201);
  expect(answer.body).toEqual({ number: 1, changed: 2, unchanged: 0, removed: 0, out_of_band: 0 });
  const { body } = await ci.get("/sites/shop/deployments/1");
  expect(body).toMatchObject({
    number: 1,
    environment: "beta",
    person: "contributor token",
    person_kind: "machine",
    note: "Nightly",
    source: "https://ci.example/4711",
    effective_at: w.clock.at,
    recorded_at: w.clock.at,
    promotion: null,
    complete: false,
  });
  expect(body.placements).toMatchObject([
    { kind: "page", key: "/sale", title: "Sale", version: "v1", before: null, digest: "sha256:1" },
    { kind: "software", key: "checkout", version: "3.4.1", source: "git:abc", notes: "Faster" },
  ]);
});

test("unchanged lines are counted, and not recorded again", async () => {
  await w.record("beta", ["/ v1", "/sale v1"]);
  const { body } = await ci.post("/sites/shop/environments/beta/deployments", {
    placements: [page("/", "v1"), page("/sale", "v2")],
  });
  expect(body).toEqual({ number: 2, changed: 1, unchanged: 1, removed: 0, out_of_band: 0 });
});

test("a null version removes a page, and a complete list removes all pages that it does not name", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "/old v1"]);
  await ci.post("/sites/shop/environments/beta/deployments", { placements: [page("/old", null)] });
  const { body } = await ci.post("/sites/shop/environments/beta/deployments", {
    complete: true,
    placements: [page("/", "v1")],
  });
  expect(body).toMatchObject({ number: 3, changed: 1, unchanged: 1 });
  const last = await ci.get("/sites/shop/deployments/3");
  expect(last.body).toMatchObject({ complete: true, placements: [{ key: "/sale", version: null, before: "v1" }] });
});

test("a CI job records a deployment late, with the time at which it happened", async () => {
  await ci.post("/sites/shop/environments/beta/deployments", {
    effective_at: "2026-03-01T09:00:00+01:00",
    placements: [page("/", "v1")],
  });
  const { body } = await ci.get("/sites/shop/deployments");
  expect(body.items).toMatchObject([{ effective_at: "2026-03-01T08:00:00.000Z", recorded_at: w.clock.at }]);
});

test("a deployment that no promotion allowed is recorded, and flagged out of band", async () => {
  const { body } = await ci.post("/sites/shop/environments/live/deployments", { placements: [page("/", "v1")] });
  expect(body).toMatchObject({ changed: 1, out_of_band: 1 });
});

test("a deployer names the promotion that allowed it", async () => {
  await w.record("beta", ["/ v1"]);
  const { number: release } = await w.release("Spring", ["/"]);
  const promotion = await w.ask(release, "demo");
  const tester = await machine(w, "tester");
  await tester.post(`/sites/shop/promotions/${promotion.number}/approvals`, {
    decision: "approve",
    digest: promotion.digest,
  });
  const { body } = await ci.post("/sites/shop/environments/demo/deployments", {
    promotion: promotion.number,
    placements: [page("/", "v1")],
  });
  expect(body).toMatchObject({ changed: 1, out_of_band: 0 });
  const [placement] = (await ci.get("/sites/shop/environments/demo/placements")).body.items;
  expect(placement).toMatchObject({ promotion: promotion.number, approved_by: [{ role: "tester" }] });
});

test("a client lists deployments newest first, by environment and time, page by page", async () => {
  const at = (day: number) => `2026-02-0${day}T12:00:00.000Z`;
  for (const day of [1, 2, 3, 4]) await w.record("beta", [`/ v${day}`], { effective_at: at(day) });
  await w.record("live", ["/ v9"], { effective_at: at(5) });
  const numbers = async (query: string) =>
    (await ci.get(`/sites/shop/deployments?${query}`)).body.items.map((item: { number: number }) => item.number);
  expect(await numbers("")).toEqual([5, 4, 3, 2, 1]);
  expect(await numbers("environment=beta")).toEqual([4, 3, 2, 1]);
  expect(await numbers(`since=${at(2)}&until=${at(3)}`)).toEqual([3, 2]);
  expect(await numbers("since=2026-02-02&until=2026-02-03")).toEqual([3, 2]);
  expect(await numbers("until=2+February")).toEqual([2, 1]);
  expect(await numbers("until=2126-01-01T00:00:00Z&since=2026-02-05T12:00:00Z")).toEqual([5]);
  const first = await ci.get("/sites/shop/deployments?limit=3");
  expect(await numbers(`limit=3&cursor=${first.body.next}`)).toEqual([2, 1]);
  expect((await ci.get(`/sites/shop/deployments?limit=3&cursor=${first.body.next}`)).body.next).toBeNull();
});

test("requests with the same key and body are one deployment, and all get the same response", async () => {
  const body = { placements: [page("/", "v1")] };
  const key = { "idempotency-key": "build-4711" };
  const post = () => ci.post("/sites/shop/environments/beta/deployments", body, key);
  const answers = await Promise.all([post(), post(), post(), post()]);
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await w.record("beta", ["/ v2"]);
  for (const answer of [...answers, await post()]) {
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ number: 1, changed: 1, unchanged: 0, removed: 0, out_of_band: 0 });
  }
  expect((await ci.get("/sites/shop/deployments")).body.items).toHaveLength(2);
});

test("a key is refused with another body, and can be used by another machine", async () => {
  const key = { "idempotency-key": "build-4711" };
  const path = "/sites/shop/environments/beta/deployments";
  await ci.post(path, { placements: [page("/", "v1")] }, key);
  const other = await ci.post(path, { placements: [page("/", "v2")] }, key);
  expect(other.status).toBe(422);
  expect(other.body).toMatchObject({ code: "idempotency_key_reused" });
  const elsewhere = await ci.post("/sites/shop/environments/live/deployments", { placements: [page("/", "v1")] }, key);
  expect(elsewhere.status).toBe(422);
  const another = await machine(w, "contributor");
  expect((await another.post(path, { placements: [page("/", "v2")] }, key)).status).toBe(201);
});

test("a body with its fields in another order is the same body", async () => {
  const key = { "idempotency-key": "k" };
  const path = "/sites/shop/environments/beta/deployments";
  await ci.post(path, '{"note":"n","placements":[{"kind":"page","key":"/","version":"v1"}]}', key);
  const again = await ci.post(path, '{"placements":[{"version":"v1","key":"/","kind":"page"}], "note":"n"}', key);
  expect(again.body).toMatchObject({ number: 1 });
});

test("a CI job records ten thousand placements in one call", async () => {
  const placements = Array.from({ length: 10_000 }, (_, i) => ({
    ...page(`/section-${i % 50}/page-${i}`, "v1"),
    title: `Page ${i}`,
    digest: `sha256:${i}`,
  }));
  const path = "/sites/shop/environments/beta/deployments";
  expect((await ci.post(path, { placements })).body).toMatchObject({ changed: 10_000 });
  expect((await ci.post(path, { complete: true, placements })).body).toMatchObject({ changed: 0, unchanged: 10_000 });
  const { body } = await ci.get("/sites/shop/environments");
  expect(body.items[0]).toMatchObject({ slug: "beta", pages: 10_000 });
});

test("while thousands of lines are recorded others can read, and the repeated import is recorded once", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const db = openDatabase(url);
  const shop = await world(Promise.resolve({ db, close: () => db.destroy().then(drop) }));
  const robot = await machine(shop, "contributor");
  const vera = shop.as("vera");
  await vera.get("/sites/shop/approvals");
  const placements = Array.from({ length: 3000 }, (_, i) => page(`/inventory/page-${i}`, "v1"));
  const record = () =>
    robot.post("/sites/shop/environments/beta/deployments", { placements }, { "idempotency-key": "build-4711" });

  let recorded = false;
  const imports = Promise.all([record(), record()]).finally(() => {
    recorded = true;
  });
  let readMeanwhile = 0;
  for (; !recorded; readMeanwhile++) {
    expect((await vera.get("/sites/shop/approvals")).status).toBe(200);
    await setImmediate(); // without sockets the requests would otherwise never yield to the event loop
  }

  expect(readMeanwhile).toBeGreaterThan(3);
  const [first, second] = await imports;
  expect(first.body).toEqual({ number: 1, changed: 3000, unchanged: 0, removed: 0, out_of_band: 0 });
  expect(second.body).toEqual(first.body);
  expect(await verify(db, shop.site.id)).toHaveProperty("head");
  await shop.close();
});
