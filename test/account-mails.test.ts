import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { createMailer } from "../src/mail/mailer.ts";
import { addMs } from "../src/time/add.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { browser, type Name, password, type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
let app: ReturnType<typeof createApp>;
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
  const mailer = createMailer({ url: server.url, from: "Sitebook <sitebook@example.test>" });
  app = createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at), mailer });
});
afterEach(() => Promise.all([w.close(), server.close()]));

const as = (name: Name) => browser(app, w.db, w.people[name], w.clock);
const nobody = () => browser(app, w.db, undefined, w.clock);

const later = (ms: number) => {
  w.clock.at = addMs(w.clock.at, ms);
};

/** The path of the link in a mail. */
const linkIn = (text = ""): string => /http:\/\/sitebook\.test(\/\S+)/.exec(text)?.[1] ?? "";

const vera = "vera@example.test";

test("who forgot their password gets a link by mail, and signs in with a new one", async () => {
  expect(await (await nobody().get("/sign-in")).text()).toContain('href="/forgot"');
  const answer = await (await nobody().post("/forgot", { email: " VERA@example.test" })).text();
  expect(answer).toContain("If there is an account with that address, a link is on its way");
  const link = linkIn((await server.next(vera)).text);
  const chosen = { link: link.split("=")[1] ?? "", password: "a new long password", again: "a new long password" };
  expect((await nobody().post("/reset", chosen)).status).toBe(303);
  expect((await nobody().post("/sign-in", { email: vera, password: "a new long password" })).status).toBe(303);
  expect((await nobody().post("/reset", chosen)).status).toBe(403);
});

test("nobody learns who has an account, and an account gets three links an hour", async () => {
  const known = await (await nobody().post("/forgot", { email: vera })).text();
  await server.next(vera);
  const unknown = await (await nobody().post("/forgot", { email: "who@example.test" })).text();
  expect(unknown).toBe(known);
  expect((await nobody().post("/forgot", { email: "no address" })).status).toBe(200);
  for (let i = 2; i <= 3; i++) {
    await nobody().post("/forgot", { email: vera });
    await server.next(vera, i);
  }
  await nobody().post("/forgot", { email: vera });
  later(3_600_000);
  await nobody().post("/forgot", { email: vera });
  await server.next(vera, 4);
  expect(server.mails).toHaveLength(4);
});

test("without a mail server the page says whom to ask", async () => {
  const page = await (await w.as("nobody").get("/forgot")).text();
  expect(page).toContain("Ask an administrator of your site for a password-reset link.");
  expect((await w.as("nobody").post("/forgot", { email: vera })).status).toBe(200);
});

test("an invitation is mailed to who is invited, and shown to the administrator in case it does not arrive", async () => {
  const form = { name: "Nils", email: "nils@example.test", roles: "viewer" };
  const page = await (await as("iris").post("/sites/shop/settings/people", form)).text();
  expect(page).toContain("It was mailed to nils@example.test.");
  const link = linkIn((await server.next("nils@example.test")).text);
  expect(page).toContain(link.split("=")[1]);
  expect(await (await nobody().get(link)).text()).toContain("Welcome, Nils");
  await server.close();
  const other = await as("iris").post("/sites/shop/settings/people", { ...form, email: "olga@example.test" });
  expect(await other.text()).toContain("It could not be mailed to olga@example.test");
});

test("who is invited to a second site before they accepted gets a new link, which only they see", async () => {
  const nils = { name: "Nils", email: "nils@example.test", roles: "viewer" };
  await as("oskar").post("/sites/elsewhere/settings/people", nils);
  const first = linkIn((await server.next(nils.email)).text);
  const page = await (await as("iris").submit("/sites/shop/settings/people", nils)).text();
  expect(page).toContain("the link is not shown here. It was mailed to nils@example.test.");
  const second = linkIn((await server.next(nils.email, 2)).text);
  expect(page).not.toContain(second.split("=")[1]);
  expect((await nobody().get(first)).status).toBe(403);
  expect(await (await nobody().get(second)).text()).toContain("Welcome, Nils");
});

test("a new address counts once its link is confirmed, and the old one is told", async () => {
  const form = { email: "vera@new.test", email_password: password };
  const wrong = await as("vera").post("/account/address", { ...form, email_password: "wrong" });
  expect(wrong.status).toBe(422);
  expect(await wrong.text()).toContain("This is not your current password.");
  expect(await (await as("vera").submit("/account/address", form)).text()).toContain(
    "A link is on its way to vera@new.test.",
  );
  const link = linkIn((await server.next("vera@new.test")).text);
  expect(await (await nobody().get(link)).text()).toContain("do you want to sign in as <b>vera@new.test</b>");
  const signIn = async (email: string) => (await nobody().post("/sign-in", { email, password })).status;
  expect(await signIn("vera@new.test")).toBe(401);
  expect((await nobody().post("/address", { link: link.split("=")[1] ?? "" })).status).toBe(303);
  expect([await signIn("vera@new.test"), await signIn(vera)]).toEqual([303, 401]);
  expect((await server.next(vera)).text).toContain("no longer signs in");
  expect((await nobody().get(link)).status).toBe(403);
});

test("an address that belongs to somebody else, or a link after a day, changes nothing", async () => {
  await as("vera").post("/account/address", { email: "theo@example.test", email_password: password });
  const link = linkIn((await server.next("theo@example.test")).text);
  const refused = await nobody().post("/address", { link: link.split("=")[1] ?? "" });
  expect(refused.status).toBe(409);
  await as("vera").post("/account/address", { email: "vera@new.test", email_password: password });
  const second = linkIn((await server.next("vera@new.test")).text);
  expect((await nobody().get(link)).status).toBe(403);
  later(24 * 3_600_000);
  expect((await nobody().get(second)).status).toBe(403);
  const { email } = await w.db
    .selectFrom("people")
    .select("email")
    .where("id", "=", w.people.vera.id)
    .executeTakeFirstOrThrow();
  expect(email).toBe(vera);
});

test("a new password ends a change of address that waits to be confirmed, however the password was chosen", async () => {
  const asked = async (email: string, password: string) => {
    await as("vera").post("/account/address", { email, email_password: password });
    return linkIn((await server.next(email)).text);
  };
  const first = await asked("first@evil.test", password);
  const chosen = { password: "a new long password", again: "a new long password" };
  expect((await as("vera").post("/account/password", { current: password, ...chosen })).status).toBe(303);
  expect((await nobody().post("/address", { link: first.split("=")[1] ?? "" })).status).toBe(403);

  const second = await asked("second@evil.test", chosen.password);
  await nobody().post("/forgot", { email: vera });
  const link = linkIn((await server.next(vera)).text).split("=")[1] ?? "";
  expect((await nobody().post("/reset", { link, password, again: password })).status).toBe(303);
  expect((await nobody().get(second)).status).toBe(403);
});

test("the page says why the link to a new address could not be sent", async () => {
  await server.close();
  const form = { email: "vera@new.test", email_password: password };
  const refused = await as("vera").post("/account/address", form);
  expect(refused.status).toBe(409);
  expect(await refused.text()).toMatch(/value="vera@new\.test".*The link could not be sent: /s);
});

test("who signs in without a password reads how to choose one, and loses no tries for it", async () => {
  await w.db.updateTable("people").set({ password: null }).where("id", "=", w.people.vera.id).execute();
  const mailed = "You have no password. “Forgot your password?” on the sign-in page mails you a link to choose one.";
  const page = await (await as("vera").get("/account")).text();
  expect(page.split(mailed)).toHaveLength(3);
  expect(page).not.toContain('type="password"');
  expect(await (await as("vera").get("/account/two-factor")).text()).toContain(mailed);
  const posted = [
    await as("vera").post("/account/password", { current: "any", password: "a new long one", again: "a new long one" }),
    await as("vera").post("/account/address", { email: "vera@new.test", email_password: "any" }),
    await as("vera").post("/account/two-factor", { password: "any" }),
  ];
  for (const answer of posted)
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining(mailed)]);
  expect(await w.db.selectFrom("sign_in_failures").selectAll().execute()).toEqual([]);

  const unmailed = "You have no password. An administrator of your site can create a link for you to choose one.";
  expect(await (await w.as("vera").get("/account")).text()).toContain(unmailed);
});
