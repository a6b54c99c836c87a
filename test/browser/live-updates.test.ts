import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decide, promotionOf } from "../../src/promotions/promotions.ts";
import { browserShop, type Shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await browserShop();
  await w.record("beta", ["/sale v2", "/sale/shoes v3"]);
  await w.release("Spring campaign", ["/sale"]);
  await w.ask(1, "demo");
});
afterEach(() => w.close());

const promotion = "/sites/shop/promotions/1";

async function approve() {
  const { digest } = await promotionOf(w.db, w.site, 1);
  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
}

const state = (page: Page) => expect.poll(() => page.locator("#state").innerText(), { timeout: 10_000 });
const title = (page: Page) => expect.poll(() => page.title(), { timeout: 10_000 });

/** The paths that this page requests from now on. */
function requestsOf(page: Page): string[] {
  const paths: string[] = [];
  page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  return paths;
}

/** Waits until the page, or another one of its browser, has its stream. */
const listening = (page: Page) =>
  page.waitForResponse((response) => response.url().includes("/changes?") && response.status() === 200);

async function open(name: "ada" | "vera", path: string): Promise<Page> {
  const page = await w.visit(name, "/help");
  await Promise.all([listening(page), page.goto(path)]);
  return page;
}

test("an approval by somebody else changes the count, the title and the state of an open promotion", async () => {
  const page = await open("ada", promotion);
  const heading = await page.title();
  expect(heading).toMatch(/^Spring campaign: promotion 1, /);
  await state(page).toBe("Waiting for Tester.");

  await approve();

  await title(page).toBe(`(1) ${heading}`);
  await state(page).toMatch(/^Approved. Waiting for you to mark it as on demo. Reload/);
  expect(await page.locator("#inbox-count").innerText()).toMatch(/1/);
  expect(await page.locator("#approval-steps").innerText()).toContain("Theo (Tester) approved");
  expect(await page.locator("#blocking-steps").innerText()).toBe("Nothing is blocking this.");
  await expect
    .poll(() => page.locator("#announcement").textContent())
    .toMatch(/^(Inbox: 1 need you|Approved\. Waiting for you to mark it as on demo\.)$/);
  await page.locator("#reload").click();
  await page.getByRole("button", { name: "Mark as on demo" }).first().waitFor();
});

test("what somebody is typing, where the focus is and what is unfolded stay", async () => {
  const page = await open("ada", promotion);
  const field = page.getByLabel("Your message");
  for (const fold of ["What the approval covers", "Cancel promotion"]) await page.getByText(fold).click();
  await field.fill("Is the price");
  const unfolded = () => page.locator("details[open]").count();
  const before = await unfolded();
  expect(before).toBeGreaterThan(1);

  await approve();
  await state(page).toMatch(/^Approved/);

  await page.keyboard.type(" right?");
  expect(await field.inputValue()).toBe("Is the price right?");
  expect(await unfolded()).toBe(before);
});

test("the counts of the environments change on the board, and it says that there is more", async () => {
  const page = await open("vera", "/sites/shop");
  const search = page.getByPlaceholder("Path, name or title");
  await search.focus();
  const demo = page.locator("#rail li").nth(1);
  const before = await demo.innerText();

  await w.record("demo", ["/about v7"]);

  await expect.poll(() => demo.innerText()).not.toBe(before);
  expect(await demo.innerText()).toContain("1 page");
  await page.locator("#changed-since a").waitFor();
  expect(await page.evaluate("document.activeElement.name")).toBe("text");
  await page.getByRole("link", { name: "reload" }).click();
  await page.getByRole("rowheader", { name: "/about" }).waitFor();
  expect(await page.locator("#changed-since").innerText()).toBe("");
});

test("each change is loaded once, and nothing while there is none", async () => {
  const page = await open("vera", "/sites/shop/deployments");
  const requests = requestsOf(page);
  for (const version of ["v7", "v8", "v9"]) {
    const loaded = page.waitForResponse(/\/frame\?/);
    await w.record("demo", [`/about ${version}`]);
    await loaded;
  }
  // the stream itself may begin late on a busy machine
  const loads = requests.filter((path) => !path.endsWith("/changes"));
  expect(loads).toEqual(Array(3).fill("/sites/shop/frame"));
});

describe("several pages of a browser", () => {
  test("share one stream, and the count is in the titles of those in the background", async () => {
    const first = await open("ada", "/sites/shop/deployments");
    const second = await first.context().newPage();
    const requests = requestsOf(second);
    await second.goto(promotion);
    await second.bringToFront();

    await approve();

    await title(first).toMatch(/^\(1\) Deployments/);
    await title(second).toMatch(/^\(1\) Spring campaign/);
    expect(requests.filter((path) => path.endsWith("/changes"))).toEqual([]);

    await first.close();
    await expect.poll(() => requests).toContain("/sites/shop/changes");
    const loaded = second.waitForResponse(/\/frame\?/);
    await w.record("demo", ["/about v7"]);
    await loaded;
  });
});

test("a page stays as it is after the person has signed out elsewhere", async () => {
  const page = await open("ada", promotion);
  await page.getByLabel("Your message").fill("Is the price right?");
  const refused = page.waitForResponse((response) => response.status() === 401);
  await w.db.deleteFrom("sessions").where("person_id", "=", w.people.ada.id).execute();

  await approve();
  await refused;

  expect(new URL(page.url()).pathname).toBe(promotion);
  expect(await page.getByLabel("Your message").inputValue()).toBe("Is the price right?");
  expect(await page.locator("#state").innerText()).toBe("Waiting for Tester.");
});

test("without scripts the page is the same, and listens to nothing", async () => {
  const page = await w.visit("ada", promotion, { javaScript: false });
  const requests = requestsOf(page);
  await page.goto(promotion);
  expect(await page.locator("#state").innerText()).toBe("Waiting for Tester.");
  expect(requests.filter((path) => path.endsWith("/changes"))).toEqual([]);
});
