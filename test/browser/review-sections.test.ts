import { afterAll, beforeAll, expect, test } from "vitest";
import { readsPage, wording } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

let w: Shop;
beforeAll(async () => {
  w = await browserShop();
  const pages = ["men", "women"].flatMap((name) => Array.from({ length: 120 }, (_, i) => `/${name}/page-${i} v1`));
  await w.record("beta", [...pages, "/ v1"]);
  await w.ask((await w.release("Relaunch")).number, "demo");
});
afterAll(() => w.close());

const address = "/sites/shop/promotions/1";

test("a section is opened, ticked and marked in place, with right counts and the comment kept", async () => {
  const page = await w.visit("theo", address);
  const state = async () => [
    await wording(page.locator("#reviewed")),
    await wording(page.locator("#progress")),
    (await wording(page.locator("#count-1"))).replace(/ Mark.*/, ""),
  ];
  await page.getByText("Add a comment").click();
  await page.getByLabel(/^Comment/).fill("Good.");

  await page.getByRole("link", { name: "Open /men" }).click();
  await page.getByRole("checkbox", { name: "Reviewed /men/page-7", exact: true }).check();
  await readsPage(page, /You have reviewed 1 of 241\./);
  expect(page.url()).toContain("?section=/men");
  expect(await state()).toEqual(["You have reviewed 1 of 241.", "1 of 241 reviewed", "1 of 120 reviewed"]);

  await page.getByRole("button", { name: /^Mark section as reviewed.*\/men/ }).click();
  await readsPage(page, /You have reviewed 120 of 241\./);
  expect(await state()).toEqual(["You have reviewed 120 of 241.", "120 of 241 reviewed", "120 of 120 reviewed"]);
  expect(await page.locator(".changes .reviewed :checked").count()).toBe(120);

  await page.getByRole("checkbox", { name: "Reviewed /men/page-8", exact: true }).uncheck();
  await readsPage(page, /You have reviewed 119 of 241\./);
  expect(await state()).toEqual(["You have reviewed 119 of 241.", "119 of 241 reviewed", "119 of 120 reviewed"]);

  await page.getByRole("link", { name: "Open /women" }).click();
  await page.getByRole("checkbox", { name: "Reviewed /women/page-1", exact: true }).check();
  await readsPage(page, /You have reviewed 120 of 241\./);
  expect(await wording(page.locator("#count-2"))).toContain("1 of 120 reviewed");
  expect(await page.getByLabel(/^Comment/).inputValue()).toBe("Good.");
});

test("without scripts a section is marked by one button, and Enter on a box only saves what is reviewed", async () => {
  const page = await w.visit("mara", `${address}?section=/women`, { javaScript: false });
  const box = page.getByRole("checkbox", { name: "Reviewed /women/page-3", exact: true });

  await box.check();
  await box.press("Enter");
  await readsPage(page, /1 of 241 reviewed/);
  await page.getByRole("button", { name: /^Mark section as reviewed.*\/women/ }).click();

  await readsPage(page, /120 of 241 reviewed/);
  expect(page.url()).toContain("?section=/women");
});
