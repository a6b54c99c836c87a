import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Page } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { createSecrets } from "../../src/access/secrets.ts";
import { createApp } from "../../src/app.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { createMailer } from "../../src/mail/mailer.ts";
import { callable } from "../../src/network/private-networks.ts";
import { sendNotice } from "../../src/notices/send.ts";
import { writeNotices } from "../../src/notices/write-notices.ts";
import { complete } from "../../src/promotions/promotions.ts";
import { sendDelivery } from "../../src/webhooks/deliveries.ts";
import { createWebhook } from "../../src/webhooks/webhooks.ts";
import { setGate } from "../support/gates.ts";
import { clientSecret, identityProvider } from "../support/identity-provider.ts";
import { type MailServer, mailServer } from "../support/mail-server.ts";
import { administersAll } from "../support/sign-on.ts";
import { browser, type World, world } from "../support/world.ts";
import { openPage, readsPage } from "./page.ts";

let w: World;
let mails: MailServer;
let server: ServerType;
let baseUrl: string;
let app: World["app"];
let okta: Awaited<ReturnType<typeof identityProvider>>;
let receiver: Server;
let received: { headers: Record<string, string>; body: string }[];

const secrets = createSecrets({ databaseUrl: "file::memory:" });
const isAllowed = callable(["127.0.0.1"]);

beforeEach(async () => {
  // after the pages of the test, which would miss the server
  onTestFinished(async () => {
    await Promise.all([okta.close(), mails.close()]);
    server.close();
    receiver.close();
    await w.close();
  });
  [w, mails] = await Promise.all([world(), mailServer()]);
  // signatures are checked against the clock of now
  w.clock.at = new Date().toISOString();
  received = [];
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers as Record<string, string>, body });
    response.end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  server = serve({ fetch: (request, env) => app.fetch(request, env), port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  baseUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
  const now = () => new Date(w.clock.at);
  app = createApp(w.db, { baseUrl, now, mailer: mailer(), webhookNetworks: ["127.0.0.1"], secrets });
  okta = await identityProvider(
    { mara: { email: "mara@example.test", email_verified: true, name: "Mara" } },
    { baseUrl },
  );
});

const mailer = () => createMailer({ url: mails.url, from: "Sitebook <sitebook@example.test>" });

/** What the server's worker does in one round. */
async function work(): Promise<void> {
  const context = { mailer: mailer(), baseUrl, secrets, isAllowed };
  await writeNotices(w.db, w.clock.at, true);
  const handlers = {
    notice: (...[db, job, now]: Parameters<typeof sendNotice>) => sendNotice(db, job, now, context),
    webhook: (...[db, job, now]: Parameters<typeof sendDelivery>) => sendDelivery(db, job, now, context),
  };
  await runDueJobs(w.db, handlers as never, () => w.clock.at);
}

/** Asks Marketing to approve a sale for live, after everybody was told of what came before. */
async function requested() {
  await w.record("beta", ["/sale v1", "/sale/shoes v2"]);
  const { number } = await w.release("Summer sale", ["/sale", "/sale/shoes"]);
  await w.promote(number, "demo");
  await work();
  return w.ask(number, "live");
}

/** The first address in the newest mail to somebody that begins so. */
const linkTo = (address: string, path: string): string => {
  const { text = "" } = mails.to(address).at(-1) ?? {};
  return text.split(/\s/).find((word) => word.startsWith(baseUrl + path)) ?? "";
};

/** A program and a reader that want to know. Returns a check that they learn of an approval, and of what is on live then. */
async function toldToOthers() {
  const request = { name: "CI", shape: "standard", types: ["promotion.approved"] };
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  const webhook = await createWebhook(w.db, await w.by("iris"), w.site, { ...request, url }, { secrets, isAllowed });
  const vera = browser(app, w.db, w.people.vera, w.clock);
  const feed = await (await vera.post("/sites/shop/feeds", { what: "environment:live", about: "", name: "" })).text();
  const [, secretPath = ""] = /(\/feeds\/[\w-]+\.atom)/.exec(feed) ?? [];
  return async (promotion: number) => {
    expect(received).toHaveLength(1);
    const [{ body, headers }] = received as [(typeof received)[number]];
    expect(new Webhook(webhook.secret ?? "").verify(body, headers)).toMatchObject({ type: "promotion.approved" });
    await complete(w.db, await w.by("ada"), w.site, promotion, {});
    const atom = await (await browser(app, w.db, undefined, w.clock).get(secretPath)).text();
    expect(atom).toContain("/sale/shoes");
  };
}

const telephone = () => openPage({ baseURL: baseUrl, width: 360, height: 740 });

async function approves(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Approve for live" }).click();
  await page.getByRole("button", { name: "Approve anyway for live" }).click();
  await readsPage(page, /Approved\./);
}

test("a request reaches Marketing by mail, who approves it on a telephone; its requester, a program and a feed learn of it", async () => {
  await administersAll(w, "iris");
  const iris = browser(app, w.db, w.people.iris, w.clock);
  const provider = { name: "Okta", slug: "okta", issuer: okta.issuer, client_id: "sitebook", secret: clientSecret };
  await iris.post("/settings/sign-in", provider);
  const told = await toldToOthers();

  const promotion = await requested();
  await work();
  const page = await telephone();
  // of the provider's own pages
  await page.route("https://fonts.googleapis.com/**", (route) => route.fulfill({ contentType: "text/css", body: "" }));
  await page.goto(linkTo("mara@example.test", "/sites/shop/promotions/"));
  await page.getByRole("link", { name: "Sign in with Okta" }).click();
  await page.locator("[name=login]").fill("mara");
  await page.locator("[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(`**/sites/shop/promotions/${promotion.number}`);
  await readsPage(page, /Summer sale/);
  await approves(page);

  await work();
  expect(mails.to("ada@example.test").at(-1)?.text).toContain("can be marked as on live now");
  await told(promotion.number);
});

test("an agency without an account approves on a telephone, by a link and a code from its mail; the same learn of it", async () => {
  await setGate(w, "live", { guest_roles: ["marketing"] });
  const told = await toldToOthers();
  const promotion = await requested();
  await work();
  const lea = { name: "Lea", email: "lea@agency.example", role: "marketing" };
  const ada = browser(app, w.db, w.people.ada, w.clock);
  await ada.post(`/sites/shop/promotions/${promotion.number}/guests`, lea);

  const page = await telephone();
  await page.goto(linkTo(lea.email, "/guest"));
  await page.getByRole("button", { name: "Send the code" }).click();
  await page.getByLabel("Code").waitFor();
  const [, code = ""] = /code is (\d{6})/.exec((await mails.next(lea.email, 2)).text ?? "") ?? [];
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Continue" }).click();
  await readsPage(page, /Summer sale.*\/sale\/shoes/);
  await page.getByRole("button", { name: "Approve" }).click();
  await readsPage(page, /You approved it/);
  await work();
  expect(mails.to("ada@example.test").at(-1)?.text).toContain("Lea approved promotion");
  await told(promotion.number);
});
