import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillBusySite } from "./busy.ts";
import { cases } from "./cases.ts";
import { openTab, type Tab } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

interface Look {
  width: number;
  /** The page must fit this width too. */
  narrower: number;
  /** Reads the page as it stands in the tab; gives what is wrong, a line each. */
  also?: (page: Page) => Promise<string[]>;
}

/** Looks at every page in one tab: opening a browser for each would take as long as the look itself. */
export function examine({ width, narrower, also }: Look): void {
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

  test.each(cases)("$what", async ({ who, path, act }) => {
    const { page, faults } = tab;
    await w.enter(page, who);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width, height: 800 });
    await page.goto(typeof path === "string" ? path : await path(w));
    await act?.(page);

    expect(await page.title()).toMatch(/ · Sitebook$/);
    expect(await page.locator("h1").count(), "headings of the first level").toBe(1);
    expect(await sideways(page), "pixels to scroll sideways").toBe(0);
    expect(await also?.(page)).toEqual(also && []);
    await page.setViewportSize({ width: narrower, height: 800 });
    expect(await sideways(page), `pixels to scroll sideways at ${narrower}`).toBe(0);
    expect(faults.splice(0), "said by the browser's console").toEqual([]);
  });
}

const sideways = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
