import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Page } from "playwright-core";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { clientSecret, identityProvider } from "../support/identity-provider.ts";
import { administersAll } from "../support/sign-on.ts";
import { browser, type World, world } from "../support/world.ts";
import { openPage, readsPage } from "./page.ts";

let w: World;
let server: ServerType;
let baseURL: string;
let okta: Awaited<ReturnType<typeof identityProvider>>;

beforeEach(async () => {
  // after the pages of the test, which would miss the server
  onTestFinished(async () => {
    await okta.close();
    server.close();
    await w.close();
  });
  w = await world();
  await administersAll(w, "iris");
  const app = await new Promise<World["app"]>((resolve) => {
    server = serve(
      { fetch: (request, env) => app.fetch(request, env), port: 0, hostname: "127.0.0.1" },
      ({ port }: AddressInfo) => {
        baseURL = `http://localhost:${port}`;
        resolve(createApp(w.db, { baseUrl: baseURL, now: () => new Date(w.clock.at) }));
      },
    );
  });
  okta = await identityProvider(
    { mara: { email: "mara@example.test", email_verified: true, name: "Mara" } },
    { baseUrl: baseURL },
  );
  const form = { name: "Okta", slug: "okta", issuer: okta.issuer, client_id: "sitebook", secret: clientSecret };
  await browser(app, w.db, w.people.iris, w.clock).post("/settings/sign-in", form);
});

async function signInAtProvider(page: Page): Promise<void> {
  await page.locator("[name=login]").fill("mara");
  await page.locator("[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.getByRole("button", { name: "Continue" }).click();
}

test("somebody who opened the history signs in with a provider on another host, and out of both again", async () => {
  const page = await openPage({ baseURL });
  // of the provider's own pages
  await page.route("https://fonts.googleapis.com/**", (route) => route.fulfill({ contentType: "text/css", body: "" }));
  await page.goto("/sites/shop/history");
  await page.getByRole("link", { name: "Sign in with Okta" }).click();
  await signInAtProvider(page);
  await page.waitForURL("**/sites/shop/history");
  await readsPage(page, /History/);
  expect(new URL(page.url()).host, "the address has no code in it").toBe(new URL(baseURL).host);

  await page.getByText("Mara", { exact: true }).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await readsPage(page, /You are signed out of Sitebook/);
  await page.getByRole("link", { name: "Sign out of Okta" }).click();
  await page.getByRole("button", { name: /yes/i }).click();
  await page.waitForURL("**/sign-in");

  await page.getByRole("link", { name: "Sign in with Okta" }).click();
  await page.locator("[name=login]").waitFor();
});

test("without JavaScript, with a provider that is down, a person reads so and uses the password", async () => {
  await okta.close();
  await w.db.updateTable("identity_providers").set({ changed_at: "2026-03-04T00:00:00.000Z" }).execute();
  const page = await openPage({ baseURL, javaScript: false });
  await page.goto("/sites/shop/history");
  await page.getByRole("link", { name: "Sign in with Okta" }).click();
  await page.getByText("Okta does not answer at the moment.").waitFor();
  await page.getByLabel("E-mail").fill("mara@example.test");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/sites/shop/history");
});
