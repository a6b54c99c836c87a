import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { newLink } from "../src/people/links.ts";
import { qrCode } from "../src/people/qr-code.ts";
import { codeOf, otpauthLink, stepAt } from "../src/people/totp.ts";
import { fromBase32 } from "./support/base32.ts";
import { atProvider, clientSecret, identityProvider } from "./support/identity-provider.ts";
import { administersAll } from "./support/sign-on.ts";
import { browser as browserOf, password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const vera = { email: "vera@example.test", password };
const later = (seconds: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + seconds * 1000).toISOString();
};

/** Vera sets it up. Returns her app, and her recovery codes. */
async function setUp(browser = w.as("vera")) {
  const page = await (await browser.submit("/account/two-factor", { password })).text();
  const key = /<code class="secret"[^>]*>([A-Z2-7]{32})</.exec(page)?.[1] ?? "";
  const link = otpauthLink(key, vera.email);
  expect(page).toContain(link.replaceAll("&", "&amp;"));
  expect(page).toContain(`d="${qrCode(link).path}"`);
  const code = (steps = 0) => codeOf(fromBase32(key), stepAt(w.clock.at) + steps);
  const answer = await browser.post("/account/two-factor/confirmation", { code: code() });
  expect(answer.status).toBe(201);
  // of 120 random bits
  const codes = (await answer.text()).match(/[a-z2-7]{4}(-[a-z2-7]{4}){5}/g) ?? [];
  expect(codes).toHaveLength(10);
  return { browser, code, codes };
}

async function enterPassword() {
  const browser = w.as("nobody");
  const answer = await browser.post("/sign-in", vera);
  expect(answer.headers.get("location")).toBe("/code?next=%2F");
  expect((await browser.get("/account")).status).toBe(303);
  return browser;
}

test("codes are those of RFC 6238", () => {
  const secret = Buffer.from("12345678901234567890");
  const codes = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000].map((seconds) =>
    codeOf(secret, stepAt(new Date(seconds * 1000).toISOString())),
  );
  expect(codes).toEqual(["287082", "081804", "050471", "005924", "279037", "353130"]);
});

test("after the password a code is asked for, and works once, one step early or late", async () => {
  const { code } = await setUp();
  expect((await (await enterPassword()).post("/code", { code: code() })).status).toBe(401);
  later(90);
  expect((await (await enterPassword()).post("/code", { code: code(2) })).status).toBe(401);
  const browser = await enterPassword();
  const answer = await browser.post("/code", { code: code(-1), next: "/account" });
  expect(answer.headers.get("location")).toBe("/account");
  expect((await browser.get("/account")).status).toBe(200);
  const again = await enterPassword();
  expect((await again.post("/code", { code: code(-1) })).status).toBe(401);
  expect((await again.post("/code", { code: code(1) })).status).toBe(303);
});

test("wrong codes are limited, also if the password is entered again", async () => {
  const { code } = await setUp();
  later(60);
  for (let i = 0; i < 5; i++) expect((await (await enterPassword()).post("/code", { code: "x" })).status).toBe(401);
  const browser = await enterPassword();
  const refused = await browser.post("/code", { code: code() });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
  const page = await refused.text();
  expect(page).toContain("Too many wrong codes. Try again in 15 minutes.");
  expect(page).not.toContain("password");
  later(15 * 60);
  expect((await browser.post("/code", { code: code() })).headers.get("location")).toContain("/sign-in");
  expect((await (await enterPassword()).post("/code", { code: code() })).status).toBe(303);
});

test("a recovery code signs in once, and new ones replace the others", async () => {
  const { browser, code, codes } = await setUp();
  const [first = "", second = ""] = codes;
  expect((await (await enterPassword()).post("/code", { code: first.toUpperCase() })).status).toBe(303);
  expect((await (await enterPassword()).post("/code", { code: first })).status).toBe(401);
  later(60);
  const renewed = await browser.post("/account/two-factor/change", { password, code: code(), change: "codes" });
  expect(renewed.status).toBe(201);
  expect((await (await enterPassword()).post("/code", { code: second })).status).toBe(401);
  const stored = await w.db.selectFrom("recovery_codes").select("hash").execute();
  expect(stored).toHaveLength(10);
  expect(stored.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
});

test("a new password does not get around the code", async () => {
  const { browser } = await setUp();
  const change = { current: password, password: "a new long password", again: "a new long password" };
  expect((await browser.post("/account/password", change)).headers.get("location")).toContain("/code?next=");
  expect((await browser.get("/account")).status).toBe(303);
});

test("it is switched off with the password and a code", async () => {
  const { browser, code } = await setUp();
  later(60);
  const form = { password, code: code(), change: "off" };
  expect((await browser.post("/account/two-factor/change", { ...form, password: "wrong" })).status).toBe(422);
  expect((await browser.post("/account/two-factor/change", { ...form, code: "000" })).status).toBe(422);
  expect((await browser.post("/account/two-factor/change", form)).status).toBe(303);
  expect((await w.as("nobody").post("/sign-in", vera)).headers.get("location")).toBe("/");
});

test("an administrator of every site switches it off for somebody who lost their telephone", async () => {
  await setUp();
  const path = `/sites/shop/settings/people/${w.people.vera.id}`;
  expect((await w.as("theo").post(`${path}/two-factor-removal`)).status).toBe(403);
  await administersAll(w, "iris");
  expect(await (await w.as("iris").get(path)).text()).toContain("Two-factor sign-in");
  expect((await w.as("iris").post(`${path}/two-factor-removal`)).status).toBe(303);
  expect((await w.as("nobody").post("/sign-in", vera)).headers.get("location")).toBe("/");
  const page = await (await w.as("vera").get("/account/security")).text();
  expect(page).toContain("Two-factor sign-in switched off, by Iris");
});

test("one code in several requests at the same time signs in once", async () => {
  const { code, codes } = await setUp();
  later(60);
  for (const right of [code(), codes[0] ?? ""]) {
    const browsers = await Promise.all([enterPassword(), enterPassword(), enterPassword()]);
    const answers = await Promise.all(browsers.map((browser) => browser.post("/code", { code: right })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(2);
  }
});

test("a link for a new password does not get around the code", async () => {
  await setUp();
  const link = await newLink(w.db, "reset", w.people.vera.id, w.clock.at);
  const browser = w.as("nobody");
  const chosen = { link, password: "a new long password", again: "a new long password" };
  expect((await browser.post("/reset", chosen)).headers.get("location")).toContain("/code?next=");
  expect((await browser.get("/account")).status).toBe(303);
});

test("who signs in with a provider is not asked for a code", async () => {
  await setUp();
  await administersAll(w, "iris");
  await using provider = await identityProvider({ vera: { email: vera.email, email_verified: true } });
  const form = { name: "Okta", slug: "okta", issuer: provider.issuer, client_id: "sitebook", secret: clientSecret };
  await w.as("iris").post("/settings/sign-in", form);
  const browser = w.as("nobody");
  const start = await browser.get("/sign-in/okta?next=/account");
  const back = new URL(await atProvider()(start.headers.get("location") ?? "", "vera"));
  expect((await browser.get(back.pathname + back.search)).headers.get("location")).toBe("/account");
  expect((await browser.get("/account")).status).toBe(200);
});

test("a new address needs a code, too", async () => {
  const mailer = async () => undefined;
  const app = createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at), mailer });
  const { browser, code } = await setUp(browserOf(app, w.db, w.people.vera, w.clock));
  const form = { email: "vera@new.test", email_password: password };
  later(60);
  for (const wrong of ["", "000000"]) {
    const refused = await browser.post("/account/address", { ...form, code: wrong });
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('id="code-error"')]);
  }
  // a code that works once is not used up by another mistake
  for (const mistake of [{ email: "vera" }, { email_password: "wrong" }])
    expect((await browser.post("/account/address", { ...form, ...mistake, code: code() })).status).toBe(422);
  const page = await (await browser.submit("/account/address", { ...form, code: code() })).text();
  expect(page).toContain("A link is on its way to vera@new.test.");
});
