import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillBusySite } from "./busy.ts";
import type { Case } from "./cases.ts";
import { axe, axeColours, axeLayout, openTab, type Tab } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

/** Examines these pages in one tab, since opening a browser for each would take as long as the examination. */
export function examine(cases: Case[]): void {
  let w: Shop;
  let tab: Tab;
  let devTools: CDPSession;
  beforeAll(async () => {
    w = await browserShop();
    await fillBusySite(w);
    tab = await openTab({ baseURL: w.baseURL });
    devTools = await tab.page.context().newCDPSession(tab.page);
  });
  afterAll(async () => {
    await tab.page.context().close();
    await w.close();
  });

  test.each(cases)("$name", async ({ person, path, act }) => {
    const { page, faults } = tab;
    await w.enter(page, person);
    const size = act ? clickable : desk;
    await show(devTools, "light", size);
    await page.goto(typeof path === "string" ? path : await path(w));
    await act?.(page);

    const { title, headings } = await page.evaluate<{ title: string; headings: number }>(looks);
    const found = { title, headings, ...(await problems(page, size)) };
    expect(found).toEqual({ title: expect.stringMatching(/ · Sitebook$/), headings: 1, axe: [], overflow: [] });
    expect(faults.splice(0), "errors in the browser's console").toEqual([]);
    // or it would be styled anew for the next page's size and colours
    await page.evaluate("document.documentElement.hidden = true");
  });

  /**
   * Everything at full width in light colours, then the dark colours, then the layout on a telephone. The sizes with touch are last,
   * since each change to or from touch styles the page anew.
   */
  async function problems(page: Page, size: Size): Promise<{ axe: string[]; overflow: string[] }> {
    const overflow = [await tooWide(page)];
    const light = await axe(page);
    await show(devTools, "dark", size);
    const dark = await axeColours(page);
    await show(devTools, "dark", halfADesk);
    overflow.push(await tooWide(page));
    await show(devTools, "dark", telephone);
    overflow.push(await tooWide(page));
    const narrow = await axeLayout(page);
    await show(devTools, "dark", zoomed);
    overflow.push(await tooWide(page));
    return {
      axe: [...light, ...dark.map(prefix("in dark colours")), ...narrow.map(prefix("on a telephone"))],
      overflow: overflow.flat(),
    };
  }
}

/** In pixels. */
interface Size {
  width: number;
  /** With the page's own viewport and with touch. */
  mobile: boolean;
  /** Of the picture of the page, at which nobody looks: painting it takes time. The layout is the same. */
  scale?: number;
}

const desk: Size = { width: 1280, mobile: false };
/** In a small picture, the mouse would miss. */
const clickable: Size = { ...desk, scale: 1 };
const telephone: Size = { width: 360, mobile: true };
/** Where tables are not yet shown as cards. */
const halfADesk: Size = { width: 720, mobile: false };
/** A desktop page zoomed to 400 %, as WCAG 1.4.10 requires. */
const zoomed: Size = { width: 320, mobile: true };

async function show(
  devTools: CDPSession,
  colours: "light" | "dark",
  { width, mobile, scale = 0.05 }: Size,
): Promise<void> {
  const features = [
    { name: "prefers-color-scheme", value: colours },
    { name: "prefers-reduced-motion", value: "reduce" },
  ];
  await Promise.all([
    devTools.send("Emulation.setEmulatedMedia", { features }),
    devTools.send("Emulation.setDeviceMetricsOverride", { width, height: 800, mobile, deviceScaleFactor: 1, scale }),
    devTools.send("Emulation.setTouchEmulationEnabled", { enabled: mobile }),
  ]);
}

// not by locators, for which Playwright would load its own script into each page
const looks = "({ title: document.title, headings: document.querySelectorAll('h1').length })";

async function tooWide(page: Page): Promise<string[]> {
  const { wide, width } = await page.evaluate<{ wide: number; width: number }>(
    "({ wide: document.documentElement.scrollWidth, width: document.documentElement.clientWidth })",
  );
  return wide > width ? [`${wide} pixels in ${width}`] : [];
}

const prefix = (where: string) => (problem: string) => `${where}: ${problem}`;
