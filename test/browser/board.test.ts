import { afterEach, beforeEach, expect, test } from "vitest";
import { axe } from "./page.ts";
import { type Shop, shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await shop();
  await w.record("beta", ["/ v1", "/sale/shoes v2", "checkout-service 3.4.1"]);
});
afterEach(() => w.close());

test.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 360],
  ["dark", 360],
] as const)("the board is readable by everyone, %s at %i pixels", async (colorScheme, width) => {
  const page = await w.visit("ada", "/sites/shop", { colorScheme, width });

  expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Board");
  expect(await axe(page)).toEqual([]);
});
