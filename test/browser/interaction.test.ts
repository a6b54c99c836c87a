import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readsPage } from "./page.ts";
import { browserShop, fillSignIn, type Shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await browserShop();
});
afterEach(() => w.close());

const focused = (page: Page) => page.evaluate<string>("document.activeElement.id");
/** Waits until that was said to who listens. */
const said = (page: Page, words: RegExp) =>
  page.locator("#said").filter({ hasText: words }).waitFor({ state: "attached" });

describe("the keys", () => {
  beforeEach(() => w.record("beta", ["/ v1", "/sale v2"]));

  test("lead to the search, to help and to the board", async () => {
    const page = await w.visit("ada", "/sites/shop/deployments");

    await page.keyboard.press("/");
    expect(await focused(page)).toBe("seek");
    await page.keyboard.type("g b?");
    expect(await page.locator("#seek").inputValue(), "what is typed is typed").toBe("g b?");
    await page.locator("h1").click();
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    await page.waitForURL("**/sites/shop");
    await page.keyboard.press("?");
    await page.waitForURL("**/help");
  });

  test("can be switched off, and stay off", async () => {
    const page = await w.visit("ada", "/help");
    await page.getByLabel("Use keyboard shortcuts").uncheck();

    await page.goto("/sites/shop/deployments");
    await page.keyboard.press("/");

    expect(await focused(page)).toBe("");
  });
});

describe("the board", () => {
  const many = Array.from({ length: 130 }, (_, i) => `/guide/page-${String(i).padStart(3, "0")} v1`);
  beforeEach(() => w.record("beta", [...many, "/sale v2", "/sale/shoes v3"]));
  const rows = (page: Page) => page.locator("#board tbody tr:not(.group)");

  test("narrows while somebody types, keeps their place and says how many are left", async () => {
    const page = await w.visit("ada", "/sites/shop");
    const field = page.getByPlaceholder("Path, name or title");
    expect(await rows(page).count()).toBe(100);

    await field.pressSequentially("shoes");

    await said(page, /^1 of 132 rows/);
    expect(await rows(page).allInnerTexts()).toEqual([expect.stringContaining("/sale/shoes")]);
    expect(await focused(page)).toBe(await field.getAttribute("id"));
    expect(await field.inputValue()).toBe("shoes");
    expect(page.url(), "an address that can be sent to somebody").toContain("text=shoes");
  });

  test("goes on below, and keeps what is ticked", async () => {
    const page = await w.visit("ada", "/sites/shop");
    await page.getByRole("checkbox", { name: "Choose /guide/page-003", exact: true }).check();

    await page.getByRole("button", { name: "The next 100" }).click();
    await said(page, /^32 more, of 132 rows/);

    expect(await rows(page).count()).toBe(132);
    await page.getByRole("checkbox", { name: "Choose /sale/shoes", exact: true }).check();
    await page.getByRole("button", { name: /^Make a release/ }).click();
    const text = await page.locator("main").innerText();
    expect(text).toContain("/guide/page-003");
    expect(text).toContain("/sale/shoes");
  });
});

describe("the approval page", () => {
  beforeEach(async () => {
    await w.record("beta", ["/sale v2", "/sale/shoes v3"]);
    await w.release("Sale");
    await w.ask(1, "demo");
  });
  const open = () => w.visit("theo", "/sites/shop/promotions/1");
  const approvals = () => w.db.selectFrom("approvals").select("decision").execute();

  test("keeps each tick as it is made, and says how many", async () => {
    const page = await open();

    await page.getByRole("checkbox", { name: "Looked at /sale/shoes" }).check();
    await said(page, /^1 of 2 looked at/);

    await page.reload();
    expect(await page.getByRole("checkbox", { name: "Looked at /sale/shoes" }).isChecked()).toBe(true);
    expect(await page.getByRole("checkbox", { name: "Looked at /sale", exact: true }).isChecked()).toBe(false);
    await readsPage(page, /You have looked at 1 of 2\./);
  });

  test("is decided once by somebody who clicks twice", async () => {
    const page = await open();

    await page.getByRole("button", { name: "Approve for demo" }).dblclick();

    await readsPage(page, /It is approved/);
    expect(await approvals()).toEqual([{ decision: "approve" }]);
  });

  test("is never decided by Ctrl and Enter in the comment: they lead to the choice", async () => {
    const page = await open();
    await page.getByText("Add a comment").click();
    await page.getByLabel(/^Comment/).fill("Good.");

    await page.keyboard.press("Control+Enter");

    const choices = ["Save ticks", "Reject", "Approve for demo"];
    expect(choices).toContain(await page.evaluate("document.activeElement.textContent"));
    expect(await approvals()).toEqual([]);
  });

  test("comes back after signing in, where the session ended over lunch", async () => {
    const page = await w.signIn("theo");
    await page.goto("/sites/shop/promotions/1");
    await w.db.deleteFrom("sessions").execute();

    await page.getByRole("button", { name: "Approve for demo" }).click();
    await fillSignIn(page, "theo");

    await readsPage(page, /Sale .* It waits for you\./);
    expect(page.url()).toMatch(/\/sites\/shop\/promotions\/1$/);
    expect(await approvals(), "what was not signed in decided nothing").toEqual([]);
  });

  test("leads to signing in when a tick comes after the end of the session", async () => {
    const page = await w.signIn("theo");
    await page.goto("/sites/shop/promotions/1");
    await w.db.deleteFrom("sessions").execute();

    await page.getByRole("checkbox", { name: "Looked at /sale/shoes" }).click();
    await page.waitForURL("**/sign-in?next=*");
    await fillSignIn(page, "theo");

    await page.waitForURL("**/sites/shop/promotions/1");
  });
});

describe("the content security policy", () => {
  test("refuses a script that somebody slips into the page", async () => {
    const page = await w.visit("ada", "/help", { expectsFaults: true });
    const refused = page.waitForEvent("console", (message) => message.text().includes("Content Security Policy"));

    await page.evaluate(
      `document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = 1" }))`,
    );

    await refused;
    expect(await page.evaluate("window.ran")).toBeUndefined();
  });
});
