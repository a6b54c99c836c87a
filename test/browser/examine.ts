import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillBusySite } from "./busy.ts";
import { cases } from "./cases.ts";
import { openTab, type Tab } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

/** Widths are in pixels. */
interface Examination {
  width: number;
  /** A width that the page has to fit too. */
  narrower: number;
  /** A further check of the page in the tab; returns its problems, one per line. */
  also?: (page: Page) => Promise<string[]>;
}

/** Examines every page in one tab, since opening a browser for each would take as long as the examination. */
export function examine({ width, narrower, also }: Examination): void {
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
    expect(await also?.(page)).toEqual(also && []);
    await page.setViewportSize({ width: narrower, height: 800 });
    expect(await overflow(page), `pixels to scroll sideways at ${narrower}`).toBe(0);
    expect(faults.splice(0), "errors in the browser's console").toEqual([]);
  });
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
