import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Name } from "../world.ts";
import { fill } from "./busy.ts";
import { axe, axeInTheDark } from "./page.ts";
import { type Shop, shop } from "./shop.ts";

let w: Shop;
beforeAll(async () => {
  w = await shop();
  await fill(w);
});
afterAll(() => w.close());

type Case = [what: string, who: Name | "nobody", path: string, act?: (page: Page) => Promise<unknown>];

const cases: Case[] = [
  ["help", "nobody", "/help"],
  ["a page that is not there", "nobody", "/sites/shop/nowhere"],
  ["board", "ada", "/sites/shop"],
];

describe.each([
  ["a desk", 1280],
  ["a telephone", 360],
] as const)("at %s", (_, width) => {
  test.each(cases)("%s", async (_what, who, path, act) => {
    const page = await w.visit(who, path, { width });
    await act?.(page);

    expect(await page.title()).toMatch(/ · Sitebook$/);
    expect(await page.locator("h1").count(), "headings of the first level").toBe(1);
    expect(await sideways(page), "pixels to scroll sideways").toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(await axeInTheDark(page), "in the dark").toEqual([]);
  });
});

const sideways = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
