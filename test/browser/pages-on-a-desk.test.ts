import type { Page } from "playwright-core";
import { examine } from "./examine.ts";
import { axe, axeColours, axeLayout } from "./page.ts";

// 720 is half a screen, where tables are still tables.
examine({ width: 1280, narrower: 720, also: accessibility });

/**
 * Everything at full width in the light, then the colours in the dark, then all but colours as narrow as a telephone.
 * Axe takes much longer to load into a page than to look at it, so one page is looked at three times.
 */
async function accessibility(page: Page): Promise<string[]> {
  const light = await axe(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await axeColours(page);
  await page.setViewportSize({ width: 360, height: 800 });
  return [...light, ...dark.map(where("in the dark")), ...(await axeLayout(page)).map(where("at 360"))];
}

const where = (place: string) => (line: string) => `${place}: ${line}`;
