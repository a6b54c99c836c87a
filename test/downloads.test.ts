import { afterEach, beforeEach, expect, test } from "vitest";
import { signChain } from "../src/integrity/checkpoints.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
  await w.release("Spring");
  await w.promote(1, "demo");
  await signChain(w.db, w.site, w.clock.at);
});
afterEach(() => w.close());

/** Every file that can be downloaded, with the end of its name and its type. */
const files = [
  ["history/export.csv", "shop-history.csv", "text/csv; charset=utf-8; header=present"],
  ["history/export.jsonl", "shop-history.jsonl", "application/jsonl; charset=utf-8"],
  ["history/checkpoint", "shop-checkpoint-13.txt", "text/plain; charset=utf-8"],
  ["environments/demo/export.csv", "shop-demo-2026-03-03T100000.000Z.csv", "text/csv; charset=utf-8; header=present"],
  ["environments/demo/export.jsonl", "shop-demo-2026-03-03T100000.000Z.jsonl", "application/jsonl; charset=utf-8"],
  ["environments/demo/evidence.zip", "shop-demo-2026-03-03T100000.000Z-evidence.zip", "application/zip"],
  ["promotions/1/evidence.zip", "shop-promotion-1-evidence.zip", "application/zip"],
] as const;

test.each(files)("a viewer downloads %s as %s, which no cache keeps", async (path, filename, type) => {
  const response = await w.as("vera").get(`/sites/shop/${path}`);

  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": type,
    "content-disposition": `attachment; filename="${filename}"`,
    "cache-control": "no-store",
  });
  expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
});

test.each(files)("without the permission to view, %s is refused on a page", async (path) => {
  await w.db.updateTable("roles").set({ permissions: "[]" }).where("slug", "=", "viewer").execute();

  const response = await w.as("vera").get(`/sites/shop/${path}`);

  expect(response.status).toBe(403);
  expect(response.headers.has("content-disposition")).toBe(false);
  expect(await response.text()).toContain("You may not");
});
