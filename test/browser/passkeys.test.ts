import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addMs } from "../../src/time/add.ts";
import { setGate } from "../support/gates.ts";
import { readsPage } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

let w: Shop;
beforeEach(async () => {
  w = await browserShop();
});
afterEach(() => w.close());

const later = (minutes: number) => {
  w.clock.at = addMs(w.clock.at, minutes * 60_000);
};

/** Gives the page's browser a device of its own, which is unlocked as long as `unlocks` says so. */
async function withDevice(page: Page) {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("WebAuthn.enable");
  const { authenticatorId } = await devTools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    unlocks: (isUserVerified: boolean) =>
      devTools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    passkeys: async () => (await devTools.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
  };
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto("/account/passkeys");
  await page.getByLabel("Name").fill(name);
  await press(page, "Add a passkey");
  await readsPage(page, new RegExp(`Passkey ${name} added`));
}

test("a tester adds a passkey, signs in with it, again at a gate, removes it, and is refused then", async () => {
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], fresh_sign_in: true });
  await w.record("beta", ["/sale v1"]);
  await w.ask((await w.release("Spring")).number, "demo");
  const page = await w.visit("theo", "/account");
  const device = await withDevice(page);
  await page.getByRole("link", { name: "Sign in by unlocking your device" }).click();
  expect(await page.getByLabel("Name").inputValue()).toMatch(/^Chrome on /);
  await addPasskey(page, "Laptop");
  expect(await device.passkeys()).toBe(1);
  await press(page, "Add a passkey");
  await page.getByText("This device has a passkey for your account already.").waitFor();

  await page.getByText("Theo", { exact: true }).first().click();
  await press(page, "Sign out");
  await page.goto("/sites/shop/promotions/1");
  await device.unlocks(false);
  await press(page, "Sign in with a passkey");
  await page.getByText("No passkey was used").waitFor();
  await device.unlocks(true);
  await press(page, "Sign in with a passkey");
  await page.waitForURL("**/sites/shop/promotions/1");

  later(16);
  await page.reload();
  await page.getByRole("link", { name: "Sign in again" }).click();
  await press(page, "Sign in with a passkey");
  await page.waitForURL("**/sites/shop/promotions/1");
  await press(page, "Approve for demo");
  await press(page, "Approve anyway for demo");
  await expect.poll(() => w.db.selectFrom("approvals").select("decision").execute()).toEqual([{ decision: "approve" }]);

  await page.goto("/account/passkeys");
  await page.getByText("Remove", { exact: false }).first().click();
  await press(page, "Remove Laptop");
  await readsPage(page, /Passkey Laptop removed/);
  // somebody else has one, so that the button is still there
  const other = await w.visit("vera", "/account/passkeys");
  await withDevice(other);
  await addPasskey(other, "Telephone");
  await page.getByText("Theo", { exact: true }).first().click();
  await press(page, "Sign out");
  await press(page, "Sign in with a passkey");
  await readsPage(page, /This passkey is not known here, or was removed/);
});

test("without JavaScript the pages say why there is no button", async () => {
  const adding = await w.visit("vera", "/account/passkeys");
  await withDevice(adding);
  await addPasskey(adding, "Telephone");
  const page = await w.visit("nobody", "/sign-in", { javaScript: false });
  await readsPage(page, /Passkeys need JavaScript/);
  expect(await page.getByRole("button", { name: "Sign in with a passkey" }).isVisible()).toBe(false);
  const own = await w.visit("vera", "/account/passkeys", { javaScript: false });
  await readsPage(own, /Telephone.*Passkeys need JavaScript/);
});

test("a browser that cannot use passkeys says so", async () => {
  const page = await w.visit("vera", "/account");
  await page.addInitScript("delete globalThis.PublicKeyCredential");
  await page.goto("/account/passkeys");
  await readsPage(page, /This browser cannot use passkeys\./);
  expect(await page.getByRole("button", { name: "Add a passkey" }).isVisible()).toBe(false);
});

test("at another address than its own, Sitebook names that one", async () => {
  const page = await w.visit("vera", "/account/passkeys");
  await withDevice(page);
  await page.route("**/account/passkeys/challenge", async (route) => {
    const answer = await route.fetch();
    const options = (await answer.json()) as { rp: object };
    await route.fulfill({ json: { ...options, rp: { name: "Sitebook", id: "sitebook.example.com" } } });
  });
  await press(page, "Add a passkey");
  await page.getByText(`Passkeys work only at ${w.baseURL}.`).waitFor();
});
