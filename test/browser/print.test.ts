import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Name } from "../support/world.ts";
import { wording } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await browserShop();
});
afterEach(() => w.close());

const longLabel = "2026.11.29-release-candidate-3+build.20261129";

/** The page as it is on A4 paper, in portrait. */
async function printed(name: Name, path: string): Promise<Page> {
  const page = await w.visit(name, path, { width: 720, height: 1000 });
  await page.emulateMedia({ media: "print" });
  return page;
}

test("a printed board has whole versions, dates with their year, and who printed it when and from where", async () => {
  await w.record("beta", [`/sale ${longLabel}`]);
  const page = await printed("vera", "/sites/shop?text=sale");

  expect(await wording(page.locator("main"))).toContain("3 Mar 2026, 10:00");
  expect(await wording(page.locator(".rail"))).toContain("last change 3 Mar 2026, 10:00");
  expect(await page.locator(".version").innerText()).toBe(longLabel);
  const right = (selector: string) => `document.querySelector("${selector}").getBoundingClientRect().right`;
  expect(await page.evaluate(`${right(".version")} <= ${right("td:has(.version)")}`)).toBe(true);
  expect(await wording(page.locator("footer"))).toContain(
    `Printed by Vera, as shown on 3 March 2026, 10:00 (Europe/London), from ${w.baseURL}/sites/shop?text=sale`,
  );
});

test("the address on paper is that of the filter in use", async () => {
  await w.record("beta", ["/sale v1"]);
  const page = await printed("vera", "/sites/shop");
  await page.evaluate("history.replaceState(null, '', '?text=sale'); dispatchEvent(new Event('beforeprint'))");
  expect(await wording(page.locator("footer"))).toContain(`from ${w.baseURL}/sites/shop?text=sale`);
});

test("a printed page about the past has nothing of today", async () => {
  await w.record("beta", ["/sale v1"]);
  w.clock.at = "2026-03-09T10:00:00.000Z";
  await w.record("beta", ["/sale v2"]);
  const page = await printed("vera", "/sites/shop/environments/beta?as_of=2026-03-05T10:00Z");
  const text = await wording(page.locator("body"));
  expect(text).toContain("What was on beta on 5 March 2026, 10:00");
  expect(text).toContain("/sale v1 3 Mar 2026, 10:00");
  expect(text).not.toMatch(/v2|9 Mar |not on demo yet/);
});

test("a printed promotion names the versions, and has no buttons", async () => {
  await w.record("beta", ["/sale v1"]);
  const { number } = await w.release("Spring");
  await w.promote(number, "demo");
  await w.ask(number, "live");
  const page = await printed("mara", "/sites/shop/promotions/2");
  expect(await wording(page.locator("main"))).toMatch(/\/sale v1 .*Requested by Ada, 3 Mar 2026, 10:00/);
  expect(await page.locator("button:visible, input:visible, a.button:visible").count()).toBe(0);
});

test("on a screen neither the year nor the printed line is shown", async () => {
  await w.record("beta", ["/sale v1"]);
  const page = await w.visit("vera", "/sites/shop");
  expect(await wording(page.locator("main"))).toContain("3 Mar, 10:00");
  expect(await page.locator(".printed").isVisible()).toBe(false);
});
