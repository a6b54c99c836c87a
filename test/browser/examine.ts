import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillBusySite } from "./busy.ts";
import { cases } from "./cases.ts";
import { axe, axeInTheDark, openTab, type Tab } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

/**
 * Examines every page in a window of this width in pixels, and whether it still fits a narrower one. All in one tab, since
 * a new browser for each page would take as long as the examination.
 */
export function examine(width: number, narrower: number): void {
  let w: Shop;
  let tab: Tab;
  beforeAll(async () => {
    w = await browserShop();
    await fillBusySite(w);
    tab = await openTab({ baseURL: w.baseURL, width });
  });
  afterAll(async () => {
    await tab.page.context().close();
    await w.close();
  });

  test.each(cases)("$name", async ({ person, path, act }) => {
    const { page, faults } = tab;
    await w.enter(page, person);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width, height: 800 });
    await page.goto(typeof path === "string" ? path : await path(w));
    await act?.(page);

    expect(await page.title()).toMatch(/ · Sitebook$/);
    expect(await page.locator("h1").count(), "first-level headings").toBe(1);
    expect(await overflow(page), "pixels to scroll sideways").toBe(0);
    expect(await axe(page), "accessibility in light colours").toEqual([]);
    expect(await axeInTheDark(page), "accessibility in dark colours").toEqual([]);
    await page.setViewportSize({ width: narrower, height: 800 });
    expect(await overflow(page), `pixels to scroll sideways at ${narrower}`).toBe(0);
    expect(faults.splice(0), "errors in the browser's console").toEqual([]);
  });
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
