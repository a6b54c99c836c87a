import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { createMailer, type Mailer } from "../src/mail/mailer.ts";
import { sendSecurityMail, writeSecurityMails } from "../src/notices/security-mails.ts";
import { codeOf, stepAt } from "../src/people/totp.ts";
import { authenticator, type Options } from "./support/authenticator.ts";
import { fromBase32 } from "./support/base32.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { administersAll } from "./support/sign-on.ts";
import { browser, type Name, password, type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
let mailer: Mailer;
let app: ReturnType<typeof createApp>;
const baseUrl = "http://sitebook.test";
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
  mailer = createMailer({ url: server.url, from: "Sitebook <sitebook@example.test>" });
  const address = () => "192.0.2.66";
  app = createApp(w.db, { baseUrl, now: () => new Date(w.clock.at), mailer, address });
});
afterEach(() => Promise.all([w.close(), server.close()]));

const as = (name: Name) => browser(app, w.db, w.people[name], w.clock);
const vera = "vera@example.test";
const fresh = "a new long password";
const changePassword = () =>
  as("vera").post(
    "/account/password",
    { current: password, password: fresh, again: fresh },
    { "user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/145.0" },
  );

/** What the worker of a server does, once. */
async function work(mailIsSetUp = true, send = mailer): Promise<void> {
  await writeSecurityMails(w.db, w.clock.at, mailIsSetUp);
  const handlers = {
    security_mail: (db: typeof w.db, job: { ref: string }) => sendSecurityMail(db, job, { mailer: send, baseUrl }),
  };
  await runDueJobs(w.db, handlers, () => w.clock.at);
}

test("a person whose password was changed gets a mail that says when, from where and what to do", async () => {
  await changePassword();
  await work();
  const mail = await server.next(vera);
  expect(mail.subject).toBe("Password changed");
  expect(mail.text).toContain("Password changed on 3 March 2026, 10:00 UTC from 192.0.2.66 with Firefox on Windows.");
  expect(mail.text).toContain("sign out everywhere under Account");
  expect(mail.text).toContain("http://sitebook.test/account/security");
  expect(mail.text + String(mail.html)).not.toContain(fresh);
});

test("a password-reset link that somebody used is reported, too, and a refused change is not", async () => {
  await as("vera").post("/account/password", { current: "wrong", password: fresh, again: fresh });
  const page = await (await as("iris").post(`/sites/shop/settings/people/${w.people.vera.id}/link`)).text();
  const [, link = ""] = /\/reset\?link=([\w-]+)/.exec(page) ?? [];
  await work();
  expect(server.to(vera).map(({ subject }) => subject)).toEqual(["Your link for a new password"]);

  await browser(app, w.db, undefined, w.clock).post("/reset", { link, password: fresh, again: fresh });
  await work();
  expect((await server.next(vera, 2)).subject).toBe("Password set with a password-reset link");
});

test("two servers that look at the same moment send one mail, and one that failed is sent later, once", async () => {
  await changePassword();
  await Promise.all([
    work(true, () => Promise.reject(new Error("no answer"))),
    writeSecurityMails(w.db, w.clock.at, true),
  ]);
  expect(server.mails).toHaveLength(0);
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await Promise.all([work(), work()]);
  await work();
  expect(server.to(vera)).toHaveLength(1);
  expect(server.to(vera)[0]?.messageId).toMatch(/^<security-event-\d+@sitebook\.test>$/);
});

test("without a mail server none is written, and none is sent once there is one", async () => {
  await changePassword();
  await work(false);
  await work();
  expect(server.mails).toHaveLength(0);
  expect(await w.db.selectFrom("jobs").selectAll().where("kind", "=", "security_mail").execute()).toEqual([]);
});

test("somebody whose account was closed in the meantime gets no mail", async () => {
  await changePassword();
  await writeSecurityMails(w.db, w.clock.at, true);
  await w.db.updateTable("people").set({ email: null }).where("id", "=", w.people.vera.id).execute();
  await work();
  expect(server.mails).toHaveLength(0);
});

test("so does a person whose two-factor sign-in is switched on or off, also by an administrator", async () => {
  const page = await (await as("vera").submit("/account/two-factor", { password })).text();
  const key = fromBase32(/<code class="secret"[^>]*>([A-Z2-7]{32})</.exec(page)?.[1] ?? "");
  const code = () => codeOf(key, stepAt(w.clock.at));
  await as("vera").post("/account/two-factor/confirmation", { code: code() });
  w.clock.at = "2026-03-03T10:01:00.000Z";
  await as("vera").post("/account/two-factor/change", { password, code: code(), change: "off" });
  await as("vera").submit("/account/two-factor", { password });
  await w.db.updateTable("two_factor").set({ confirmed_at: w.clock.at }).execute();
  await administersAll(w, "iris");
  await as("iris").post(`/sites/shop/settings/people/${w.people.vera.id}/two-factor-removal`);
  await work();
  await server.next(vera, 3);
  expect(new Set(server.to(vera).map(({ subject }) => subject))).toEqual(
    new Set([
      "Two-factor sign-in switched off",
      "Two-factor sign-in switched off, by Iris",
      "Two-factor sign-in switched on",
    ]),
  );
});

test("so does a person who adds or removes a passkey", async () => {
  const origin = "http://localhost:3000";
  app = createApp(w.db, { baseUrl: origin, now: () => new Date(w.clock.at), mailer });
  const browser = as("vera");
  const options = (await (await browser.post("/account/passkeys/challenge")).json()) as Options;
  const credential = authenticator(origin).create(options);
  await browser.post("/account/passkeys", { name: "Laptop", credential });
  const { id } = await w.db.selectFrom("passkeys").select("id").executeTakeFirstOrThrow();
  await browser.post(`/account/passkeys/${id}/removal`);
  await work();
  await server.next(vera, 2);
  expect(new Set(server.to(vera).map(({ subject }) => subject))).toEqual(
    new Set(["Passkey Laptop added", "Passkey Laptop removed"]),
  );
});
