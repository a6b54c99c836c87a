import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Name } from "../support/world.ts";
import { readsPage, wording } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await browserShop();
  await w.record("beta", ["/ v1", "/sale v1", "/sale/shoes v1", "/sale/old v1", "checkout-service 3.3.9"]);
  await w.release("Winter");
  await w.promote(1, "demo");
  await w.promote(1, "live");
});
afterEach(() => w.close());

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("%s", (_, javaScript) => {
  test("an account manager's day, from a deployment on beta to who approved it on live", async () => {
    const signIn = (name: Name, window: { width?: number; height?: number } = {}) =>
      w.signIn(name, { javaScript, ...window });

    w.clock.at = "2026-03-10T09:00:00.000Z";
    const ada = await signIn("ada");
    await record(ada, ["page /sale v2", "page /sale/shoes v2", "page /sale/old -", "software checkout-service 3.4.1"]);
    expect(await onTheBoard(ada, "/sale")).toMatch(/v2 10 Mar, 09:00 ahead of demo v1 3 Mar, 10:00 same as live/);
    expect(await onTheBoard(ada, "/sale/old")).toMatch(/removed 10 Mar, 09:00 still on demo/);
    await createRelease(ada, "March sale", ["/sale", "/sale/shoes", "/sale/old", "checkout-service"]);
    await requestPromotion(ada, "March sale", "demo");

    w.clock.at = "2026-03-10T10:00:00.000Z";
    await approve(await signIn("theo"), "March sale", "demo");

    w.clock.at = "2026-03-10T11:00:00.000Z";
    await complete(ada, "March sale", "Mark as on demo");
    await requestPromotion(ada, "March sale", "live");

    w.clock.at = "2026-03-10T12:00:00.000Z";
    const telephone = { width: 360, height: 640 };
    await approve(await signIn("mara", telephone), "March sale", "live", telephone);

    w.clock.at = "2026-03-10T14:00:00.000Z";
    await complete(ada, "March sale", "Mark as live");

    w.clock.at = "2026-03-16T08:00:00.000Z";
    expect(await openMoment(ada, "/sale", "2026-03-10T13:59")).toMatch(/v1 3 Mar, 10:00 Promotion 2 Mara ?, marketing/);
    expect(await openMoment(ada, "/sale", "2026-03-10T14:01")).toMatch(
      /v2 10 Mar, 14:00 Promotion 4 Mara ?, marketing, 10 Mar, 12:00/,
    );
    await readsPage(ada, /What was on live on 10 March 2026, 14:01/);
  });
});

const goTo = (page: Page, name: string | RegExp) =>
  page.getByRole("navigation", { name: "Site" }).getByRole("link", { name }).click();

async function record(page: Page, lines: string[]): Promise<void> {
  await goTo(page, "Record");
  await page.getByLabel("What is there now").fill(lines.join("\n"));
  await page.getByRole("button", { name: "Preview changes" }).click();
  await readsPage(page, /0 new, 3 changed, 1 removed, 0 unchanged\./);
  await page.getByRole("button", { name: "Record 4 changes" }).click();
  await readsPage(page, /Deployment 4 recorded: 4 changed, 1 removed\./);
}

async function onTheBoard(page: Page, key: string): Promise<string> {
  await goTo(page, "Board");
  return rowOf(page, key);
}

const rowOf = async (page: Page, key: string): Promise<string> =>
  wording(page.getByRole("row").filter({ has: page.getByRole("link", { name: key, exact: true }) }));

/** Selects rows on the board and creates a release of their versions on beta. */
async function createRelease(page: Page, name: string, keys: string[]): Promise<void> {
  await goTo(page, "Board");
  for (const key of keys) await page.getByRole("checkbox", { name: `Select ${key}`, exact: true }).check();
  await page.getByRole("button", { name: "New release" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create release" }).click();
  await readsPage(page, /Release 2 created\./);
}

async function requestPromotion(page: Page, release: string, environment: string): Promise<void> {
  await goTo(page, "Releases");
  await page.getByRole("link", { name: release }).click();
  await page.getByRole("radio", { name: new RegExp(`^${environment}`) }).check();
  await page.getByLabel("Note").fill("The newsletter goes out on Thursday.");
  await page.getByRole("button", { name: "Request promotion" }).click();
  await readsPage(page, /has not approved it yet\./);
}

/** From the inbox to a recorded approval in two clicks and the question about unreviewed pages, with Approve visible without scrolling. */
async function approve(page: Page, name: string, environment: string, { height = 800 } = {}): Promise<void> {
  await goTo(page, /^Inbox 1/);
  await page.getByRole("link", { name: "Review" }).click();
  await readsPage(page, new RegExp(name));
  await readsPage(page, /The newsletter goes out on Thursday\./);
  const button = page.getByRole("button", { name: `Approve for ${environment}` });
  const box = await button.boundingBox();
  expect(box?.y).toBeGreaterThan(0);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
  await button.click();
  await readsPage(page, /You have reviewed 0 of \d+ pages?\. Approve anyway, or review the rest first\?/);
  await page.getByRole("button", { name: `Approve anyway for ${environment}` }).click();
  await readsPage(page, new RegExp(`You approved it for ${environment}\\.`));
}

async function complete(page: Page, name: string, button: string): Promise<void> {
  await goTo(page, /^Inbox/);
  await page.getByRole("link", { name, exact: true }).first().click();
  await page.locator(".bar").getByRole("button", { name: button }).click();
  await readsPage(page, /Completed\. It is on \w+\./);
}

async function openMoment(page: Page, key: string, moment: string): Promise<string> {
  await page
    .getByRole("navigation", { name: /^Environments/ })
    .getByRole("link", { name: "live" })
    .click();
  await page.getByLabel("As of").fill(moment);
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await readsPage(page, /You are viewing the past/);
  return rowOf(page, key);
}
