import { afterEach, beforeEach, expect, test } from "vitest";
import { complete, decide } from "../src/promotions/promotions.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const read = async (path: string) => words(await (await w.as("ada").get(`/sites/shop${path}`)).text());

/** Ada requests the promotion of these to demo. */
const asked = async (keys: string[]) => w.ask((await w.release("Spring", keys)).number, "demo");

async function completed({ number, digest }: { number: number; digest: string }): Promise<void> {
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, number, {});
}

test("a promotion does not claim what its target had before anything was recorded for it", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1", "search 2.0.0"]);
  const first = await asked(["/", "checkout"]);

  expect(await read("/promotions/1")).toContain("New 1 page, never recorded on demo");
  expect(await read("/promotions/1")).toContain("checkout never recorded 3.4.1");
  await completed(first);
  expect(await read("/promotions/1")).toContain("checkout never recorded 3.4.1");

  await asked(["/sale", "search"]);
  expect(await read("/promotions/2")).toContain("New 1 page, on demo for the first time");
  expect(await read("/promotions/2")).toContain("search not deployed 2.0.0");
  expect(await read("/promotions/1")).toContain("checkout never recorded 3.4.1");
});

test("what is recorded further on, but never on the target, is unknown there, as on the board", async () => {
  await w.record("live", ["/sale v1", "checkout 3.4.1"]);
  await w.record("demo", ["/ v1"]);
  await w.record("beta", ["/ v2", "/new v1", "/sale v2", "checkout 3.5.0", "search 2.0.0"]);

  const form = await read("/releases/new?from=beta&to=demo");
  expect(form).toContain("/sale v2 never recorded");
  expect(form).toContain("checkout 3.5.0 never recorded");
  expect(form).toContain("/new v1 not deployed");
  expect(form).toContain("search 2.0.0 not deployed");

  await asked(["/sale", "checkout", "search"]);
  const promotion = await read("/promotions/1");
  expect(promotion).toContain("checkout never recorded 3.5.0");
  expect(promotion).toContain("search not deployed 2.0.0");
});

test("a page that comes back after its removal is not there for the first time", async () => {
  await w.record("demo", ["/sale v1"]);
  await w.record("demo", ["-/sale"]);
  await w.record("beta", ["/sale v2"]);
  await asked(["/sale"]);

  expect(await read("/promotions/1")).toContain("New 1 page, not on demo now");
});

test("a deployment does not claim what was there before the record begins", async () => {
  await w.record("demo", ["/ v1"], { effective_at: "2026-03-02T10:00:00.000Z" });
  await w.record("demo", ["/sale v1"], { effective_at: "2026-03-03T09:00:00.000Z" });

  expect(await read("/deployments/1")).toMatch(/\/ never recorded v1/);
  expect(await read("/deployments/2")).toMatch(/\/sale not deployed v1/);
});

test("nor does its preview, at the moment it is for", async () => {
  await w.record("demo", ["/ v1"], { effective_at: "2026-03-02T10:00:00.000Z" });
  const previewed = async (environment: string, when = "") =>
    words(
      await (
        await w.as("cleo").post("/sites/shop/deployments/new", { environment, when, lines: "page /sale v1", key: "k" })
      ).text(),
    );

  expect(await previewed("beta")).toContain("/sale never recorded v1 first record");
  expect(await previewed("beta")).toContain("1 recorded for the first time, 0 new, 0 changed, 0 removed");
  expect(await previewed("demo", "2026-03-01T10:00")).toContain("/sale never recorded v1 first record");
  expect(await previewed("demo")).toContain("/sale not deployed v1 new");
});

test("the preview of a deployment does not call new what is recorded further on, but never there", async () => {
  await w.record("demo", ["/ v1", "/old v1"]);
  await w.record("demo", ["-/old"]);
  await w.record("live", ["/sale v1", "/old v1", "checkout 3.4.1"]);
  await w.record("beta", ["/terms v1"]);
  const lines = ["page /sale v1", "page /old v2", "page /terms v1", "software checkout 3.4.1", "page /new v1"].join(
    "\n",
  );
  const form = { environment: "demo", lines, key: "k" };
  const preview = words(await (await w.as("cleo").post("/sites/shop/deployments/new", form)).text());

  expect(preview).toContain("2 recorded for the first time, 3 new, 0 changed, 0 removed, 0 unchanged.");
  expect(preview).toContain("/sale never recorded v1 first record");
  expect(preview).toContain("checkout never recorded 3.4.1 first record");
  expect(preview).toContain("/old not deployed v2 new");
  expect(preview).toContain("/terms not deployed v1 new");
});
