import type { Page } from "playwright-core";
import { examine } from "./examine.ts";
import { axe, axeColours, axeLayout } from "./page.ts";

// 720 is half a screen, where tables are not yet shown as cards.
examine({ width: 1280, narrower: 720, also: accessibility });

/**
 * Everything at full width in light colours, then the dark colours, then everything but colours at a telephone's width.
 * Loading axe into a page takes much longer than a check, so each page is checked three times once it is loaded.
 */
async function accessibility(page: Page): Promise<string[]> {
  const light = await axe(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await axeColours(page);
  await page.setViewportSize({ width: 360, height: 800 });
  return [...light, ...dark.map(prefix("in dark colours")), ...(await axeLayout(page)).map(prefix("at 360 pixels"))];
}

const prefix = (where: string) => (problem: string) => `${where}: ${problem}`;
