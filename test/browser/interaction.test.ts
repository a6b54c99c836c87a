import type { Locator, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readsPage } from "./page.ts";
import { browserShop, fillSignIn, type Shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await browserShop();
});
afterEach(() => w.close());

const focusedId = (page: Page) => page.evaluate<string>("document.activeElement.id");
/** Waits until these words are announced to screen readers. */
const announced = (page: Page, words: RegExp) =>
  page.locator("#announcement").filter({ hasText: words }).waitFor({ state: "attached" });

describe("keyboard shortcuts", () => {
  beforeEach(() => w.record("beta", ["/ v1", "/sale v2"]));

  test("lead to the search, the help and the board", async () => {
    const page = await w.visit("ada", "/sites/shop/deployments");

    await page.keyboard.press("/");
    expect(await focusedId(page)).toBe("seek");
    await page.keyboard.type("g b?");
    expect(await page.locator("#seek").inputValue(), "typing in a field is no shortcut").toBe("g b?");
    await page.locator("h1").click();
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    await page.waitForURL("**/sites/shop");
    await page.keyboard.press("?");
    await page.waitForURL("**/help?site=shop");
  });

  test("can be turned off, and stay off", async () => {
    const page = await w.visit("ada", "/help");
    await page.getByLabel("Use keyboard shortcuts").uncheck();

    await page.goto("/sites/shop/deployments");
    await page.keyboard.press("/");

    expect(await focusedId(page)).toBe("");
  });
});

describe("the board", () => {
  const guidePages = Array.from({ length: 130 }, (_, i) => `/guide/page-${String(i).padStart(3, "0")} v1`);
  beforeEach(() => w.record("beta", [...guidePages, "/sale v2", "/sale/shoes v3"]));
  const rows = (page: Page) => page.locator("#board tbody tr:not(.group)");

  test("is filtered while somebody types, keeps the focus and announces how many rows are left", async () => {
    const page = await w.visit("ada", "/sites/shop");
    const field = page.getByPlaceholder("Path, name or title");
    expect(await rows(page).count()).toBe(100);

    await field.pressSequentially("shoes");

    await announced(page, /^1 of 132 rows/);
    expect(await rows(page).allInnerTexts()).toEqual([expect.stringContaining("/sale/shoes")]);
    expect(await focusedId(page)).toBe(await field.getAttribute("id"));
    expect(await field.inputValue()).toBe("shoes");
    expect(page.url(), "an address that can be shared").toContain("text=shoes");
  });

  test("adds further rows below, and keeps what is selected", async () => {
    const page = await w.visit("ada", "/sites/shop");
    await page.getByRole("checkbox", { name: "Select /guide/page-003", exact: true }).check();

    await page.getByRole("button", { name: "Next 100" }).click();
    await announced(page, /^32 more of 132 rows/);

    expect(await rows(page).count()).toBe(132);
    await page.getByRole("checkbox", { name: "Select /sale/shoes", exact: true }).check();
    await page.getByRole("button", { name: /^New release/ }).click();
    const text = await page.locator("main").innerText();
    expect(text).toContain("/guide/page-003");
    expect(text).toContain("/sale/shoes");
  });
});

describe("the number of selected rows", () => {
  const guidePages = Array.from({ length: 130 }, (_, i) => `/guide/page-${String(i).padStart(3, "0")} v1`);
  beforeEach(() => w.record("beta", [...guidePages, "/sale v2", "/sale/shoes v3"]));
  const bar = (page: Page) => page.getByRole("button", { name: /^New release/ });
  const says = (page: Page, count: number) => expect.poll(() => bar(page).innerText()).toBe(`New release (${count})`);
  const box = (page: Page, key: string) => page.getByRole("checkbox", { name: `Select ${key}`, exact: true });
  const included = async (page: Page) => {
    await bar(page).click();
    await page.waitForURL("**/releases/new?*");
    return page.locator("[name=line]:checked").count();
  };

  test("is what goes into the release, after filtering, adding rows and selecting all", async () => {
    const page = await w.visit("ada", "/sites/shop");
    await box(page, "/guide/page-003").check();
    await says(page, 1);
    await page.getByRole("button", { name: "Next 100" }).click();
    await box(page, "/sale/shoes").check();
    await says(page, 2);
    expect(page.url(), "an address that shows the same rows").toContain("rows=200");
    await page.getByPlaceholder("Path, name or title").pressSequentially("shoes");
    await announced(page, /^1 of 132 rows/);
    await says(page, 2);
    await page.getByRole("button", { name: "Show everything" }).click();
    await page.waitForURL(({ searchParams }) => !searchParams.has("text"));
    await page.getByRole("button", { name: "Select all 130 in /guide" }).click();
    await says(page, 131);
    expect(await focusedId(page)).toMatch(/^select-/);
    await page.getByRole("button", { name: "Select all 132" }).click();
    await says(page, 132);
    await box(page, "/guide/page-007").uncheck();
    await says(page, 131);
    expect(await included(page)).toBe(131);
  });

  test("counts a range that is selected with Shift, and Clear unselects it", async () => {
    const page = await w.visit("ada", "/sites/shop?text=guide/page-00");
    await box(page, "/guide/page-002").check();
    await box(page, "/guide/page-006").click({ modifiers: ["Shift"] });
    await says(page, 5);
    await box(page, "/guide/page-004").click();
    await says(page, 4);
    expect(await included(page)).toBe(4);
    await page.goBack();
    await page.reload();
    await box(page, "/guide/page-002").check();
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => bar(page).isVisible()).toBe(false);
    expect(page.url()).toContain("text=guide/page-00");
  });

  test("is the same without scripts, where filters keep the selection and the address", async () => {
    await w.record("demo", ["/about v1"]);
    const page = await w.visit("ada", "/sites/shop?text=sale", { javaScript: false });
    await box(page, "/sale/shoes").check();
    await page.getByRole("button", { name: /^beta and demo differ/ }).click();
    expect(decodeURIComponent(page.url())).toContain("text=sale&differs=beta,demo");
    await page.getByPlaceholder("Path, name or title").fill("guide");
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    expect(decodeURIComponent(page.url())).toMatch(/text=guide&.*differs=beta,demo/);
    await page.getByRole("button", { name: "Select all 130", exact: true }).click();
    expect(decodeURIComponent(page.url())).toMatch(/text=guide&.*differs=beta,demo/);
    expect(await bar(page).innerText(), "the stylesheet counts 101 boxes").toMatch(/^New release \(( \+ 31)?\)$/);
    expect(await included(page)).toBe(131);
  });
});

describe("the promotion page", () => {
  beforeEach(async () => {
    await w.record("beta", ["/sale v2", "/sale/shoes v3"]);
    await w.release("Sale");
    await w.ask(1, "demo");
  });
  const open = () => w.visit("theo", "/sites/shop/promotions/1");
  const approvals = () => w.db.selectFrom("approvals").select("decision").execute();

  test("saves each tick as it is made, and announces how many", async () => {
    const page = await open();

    await page.getByRole("checkbox", { name: "Reviewed /sale/shoes" }).check();
    await announced(page, /^1 of 2 reviewed/);

    await page.reload();
    expect(await page.getByRole("checkbox", { name: "Reviewed /sale/shoes" }).isChecked()).toBe(true);
    expect(await page.getByRole("checkbox", { name: "Reviewed /sale", exact: true }).isChecked()).toBe(false);
    await readsPage(page, /You have reviewed 1 of 2\./);
  });

  test("on a telephone, what is opened of a page is as wide as the page", async () => {
    const page = await w.visit("theo", "/sites/shop/promotions/1", { width: 360 });
    const card = page.locator(".review > li").first();
    await card.locator(".fold > summary").first().click();
    const widthOf = async (part: Locator) => (await part.boundingBox())?.width;
    expect(await widthOf(card.locator(".fold[open]"))).toBe(await widthOf(card));
  });

  test("records one decision if somebody clicks twice", async () => {
    const page = await open();

    await page.getByRole("checkbox", { name: "Reviewed /sale/shoes" }).check();
    await announced(page, /^1 of 2 reviewed/);
    await page.getByRole("checkbox", { name: "Reviewed /sale", exact: true }).check();
    await announced(page, /^2 of 2 reviewed/);
    await page.getByRole("button", { name: "Approve for demo" }).dblclick();

    await readsPage(page, /Approved\./);
    expect(await approvals()).toEqual([{ decision: "approve" }]);
  });

  test("is never decided by Ctrl and Enter in the comment, which move the focus to the buttons", async () => {
    const page = await open();
    await page.getByText("Add a comment").click();
    await page.getByLabel(/^Comment/).fill("Good.");

    await page.keyboard.press("Control+Enter");

    const choices = ["Save what is reviewed", "Reject", "Approve for demo"];
    expect(choices).toContain(await page.evaluate("document.activeElement.textContent"));
    expect(await approvals()).toEqual([]);
  });

  test("comes back after signing in, if the session ended over lunch", async () => {
    const page = await w.signIn("theo");
    await page.goto("/sites/shop/promotions/1");
    await w.db.deleteFrom("sessions").execute();

    await page.getByText("Add a comment").click();
    await page.getByLabel(/^Comment/).fill("Good.");
    await page.getByRole("button", { name: "Approve for demo" }).click();
    await fillSignIn(page, "theo");

    await readsPage(
      page,
      /You were signed out before this was sent\. Nothing was recorded\. .*Sale .* Waiting for you\./,
    );
    expect(page.url()).toMatch(/\/sites\/shop\/promotions\/1\?kept=[\w-]+$/);
    expect(await page.getByLabel(/^Comment/).inputValue()).toBe("Good.");
    expect(await approvals(), "nothing was decided while signed out").toEqual([]);
  });

  test("leads to signing in if a box is ticked after the session ended", async () => {
    const page = await w.signIn("theo");
    await page.goto("/sites/shop/promotions/1");
    await w.db.deleteFrom("sessions").execute();

    await page.getByRole("checkbox", { name: "Reviewed /sale/shoes" }).click();
    await page.waitForURL("**/sign-in?next=*");
    await fillSignIn(page, "theo");

    await page.waitForURL("**/sites/shop/promotions/1?kept=*");
    await readsPage(page, /You were signed out before this was sent\. Nothing was recorded\./);
    expect(await page.getByRole("checkbox", { name: "Reviewed /sale/shoes" }).isChecked()).toBe(true);
  });
});

test("going back after recording shows the preview, which is not sent again; a changed text is another deployment", async () => {
  const page = await w.visit("cleo", "/sites/shop/deployments/new");
  const lines = page.locator("textarea[name=lines]");
  await lines.fill("page /sale v2");
  await page.locator(".bar button").first().click();
  await page.getByRole("button", { name: "Record 1 change" }).click();
  await page.waitForURL("**/sites/shop/deployments/1");

  await page.goBack();
  await page.getByRole("button", { name: "Record 1 change" }).click();
  await page.waitForURL("**/sites/shop/deployments/1");

  await page.goBack();
  await lines.fill("page /sale v3");
  await page.getByRole("button", { name: "Record 1 change" }).click();
  await readsPage(page, /This was changed after its preview/);
  await page.getByRole("button", { name: "Record 1 change" }).click();
  await page.waitForURL("**/sites/shop/deployments/2");
});

describe("the content security policy", () => {
  test("blocks a script that somebody injects into the page", async () => {
    const page = await w.visit("ada", "/help", { expectsFaults: true });
    const blocked = page.waitForEvent("console", (message) => message.text().includes("Content Security Policy"));

    await page.evaluate(
      `document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = 1" }))`,
    );

    await blocked;
    expect(await page.evaluate("window.ran")).toBeUndefined();
  });
});

test("a form that is refused has the focus in its first wrong field", async () => {
  const page = await w.visit("ada", "/sites/shop/settings/freezes", { width: 360, expectsFaults: true });
  await page.getByLabel("Reason").fill("Christmas");
  await page.getByLabel("Until").first().fill("2020-01-01T10:00");
  await page.getByRole("button", { name: "Set freeze" }).click();
  await page.locator("#until-error").waitFor();
  expect(await focusedId(page)).toBe("until");
});

test("a form in which no box is ticked has the focus in the boxes, which refer to what is wrong", async () => {
  const page = await w.visit("iris", "/sites/shop/settings/people", { expectsFaults: true });
  await page.getByLabel("Name", { exact: true }).fill("Nora");
  await page.getByLabel("E-mail", { exact: true }).fill("nora@example.test");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await page.locator("#roles-error").waitFor();
  const group = page.getByRole("group", { name: "Roles", description: "Select at least one role." });
  expect(await group.locator("input:focus").count()).toBe(1);
});
