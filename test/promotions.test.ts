import { afterEach, beforeEach, expect, test } from "vitest";
import { type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

test("a release travels from beta to live through both gates", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
  const release = await w.release("Spring", ["/", "/sale", "checkout"]);
  expect((await w.promote(release.number, "demo")).state).toBe("completed");
  const live = await w.promote(release.number, "live");
  expect(live.state).toBe("completed");
  const rows = await w.db.selectFrom("current_placements").selectAll().execute();
  expect(rows).toHaveLength(9);
  const page = await w.as("ada").get("/sites/shop");
  expect(await page.text()).toContain("Board");
  expect((await w.as("oskar").get("/sites/shop")).status).toBe(404);
});
