import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fill } from "./busy.ts";
import { cases } from "./cases.ts";
import { axe, axeInTheDark } from "./page.ts";
import { type Shop, shop } from "./shop.ts";

let w: Shop;
beforeAll(async () => {
  w = await shop();
  await fill(w);
});
afterAll(() => w.close());

describe.each([
  ["a desk", 1280],
  ["a telephone", 360],
] as const)("at %s", (_, width) => {
  test.each(cases)("$what", async ({ who, path, act }) => {
    const page = await w.visit(who, typeof path === "string" ? path : await path(w), { width });
    await act?.(page);

    expect(await page.title()).toMatch(/ · Sitebook$/);
    expect(await page.locator("h1").count(), "headings of the first level").toBe(1);
    expect(await sideways(page), "pixels to scroll sideways").toBe(0);
    expect(await axe(page), "in the light").toEqual([]);
    expect(await axeInTheDark(page), "in the dark").toEqual([]);
  });
});

const sideways = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
