import { afterEach, beforeEach, expect, test } from "vitest";
import { recordSecurityEvent } from "../src/access/security-events.ts";
import { browserName } from "../src/people/security-sentences.ts";
import { machine } from "./support/api.ts";
import { administersAll } from "./support/sign-on.ts";
import { password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";
const from = (address: string, userAgent = firefox) => ({ "x-test-address": address, "user-agent": userAgent });
const later = (ms: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + ms).toISOString();
};
const day = 24 * 3_600_000;

/** The rows of a list of security events, each as its cells. */
async function rowsOf(page: Response): Promise<string[][]> {
  const [, body = ""] =
    /<table class="ledger"><caption class="sr">Security events.*?<tbody>(.*?)<\/tbody>/s.exec(await page.text()) ?? [];
  return [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => cell.replace(/<[^>]+>/g, "").trim()),
  );
}
const seenBy = async (name: "iris" | "mara", path: string) =>
  (await rowsOf(await w.as(name).get(path))).map((cells) => cells.slice(1));
const onSite = () => seenBy("iris", "/sites/shop/settings/security");
const ofMara = () => seenBy("mara", "/account/security");

const mara = { email: "mara@example.test", password };

test("a failed and a successful sign-in are seen by the person and by the site's administrators, with their source", async () => {
  await w.as("nobody").post("/sign-in", { ...mara, password: "guess" }, from("192.0.2.66", "curl/8.5"));
  const browser = w.as("nobody");
  await browser.post("/sign-in", mara, from("192.0.2.1"));
  await browser.post("/sign-out", {}, from("192.0.2.1"));

  const events = [
    ["Signed out", "192.0.2.1", "Firefox on Windows"],
    ["Signed in with a password", "192.0.2.1", "Firefox on Windows"],
    ["Wrong password", "192.0.2.66", "curl"],
  ];
  expect(await ofMara()).toEqual(events);
  expect(await onSite()).toEqual(events.map((event) => ["Mara", ...event]));
});

test("nobody else sees them: no viewer, and no administrator of another site", async () => {
  await w.as("nobody").post("/sign-in", { ...mara, password: "guess" });

  for (const name of ["vera", "ada", "mara"] as const)
    expect((await w.as(name).get("/sites/shop/settings/security")).status).toBe(403);
  expect((await w.as("oskar").get("/sites/shop/settings/security")).status).toBe(404);
  expect(await rowsOf(await w.as("oskar").get("/sites/elsewhere/settings/security"))).toEqual([]);
  expect(await rowsOf(await w.as("vera").get("/account/security"))).toEqual([]);
});

test("somebody with roles on two sites is seen by the administrators of both, and a change of roles only where it was", async () => {
  await w.as("oskar").post("/sites/elsewhere/settings/people", { name: "Mara", email: mara.email, roles: ["viewer"] });
  await w.as("nobody").post("/sign-in", mara);
  const elsewhere = await rowsOf(await w.as("oskar").get("/sites/elsewhere/settings/security"));

  expect(elsewhere.map((cells) => cells[2])).toEqual([
    "Signed in with a password",
    "Viewer given on Elsewhere, by Oskar",
  ]);
  expect((await onSite()).map((cells) => cells[1])).toEqual(["Signed in with a password"]);
});

test("a sign-in to an unknown account is recorded, and shown on no site", async () => {
  await w.as("nobody").post("/sign-in", { email: "Nobody@example.test", password: "guess" }, from("192.0.2.66"));
  await w.as("nobody").post("/sign-in", { email: "my password, entered here", password: "guess" });

  expect(await onSite()).toEqual([]);
  const stored = await w.db
    .selectFrom("security_events")
    .select(["email", "address", "person_id"])
    .orderBy("seq")
    .execute();
  expect(stored).toEqual([
    { email: "nobody@example.test", address: "192.0.2.66", person_id: null },
    { email: null, address: "", person_id: null },
  ]);
});

test("a password reset, its link and a change of roles say who did it", async () => {
  const iris = w.as("iris");
  const people = `/sites/shop/settings/people/${w.people.mara.id}`;
  await iris.post(`${people}/roles`, { roles: ["tester", "viewer"] });
  const [, link = ""] = /reset\?link=([\w-]{43})/.exec(await (await iris.post(`${people}/link`)).text()) ?? [];
  const chosen = { password: "another horse battery", again: "another horse battery" };
  const browser = w.as("nobody");
  await browser.post("/reset", { link, ...chosen }, from("192.0.2.1"));
  const next = { current: chosen.password, password, again: password };
  await browser.post("/account/password", next, from("192.0.2.1"));

  expect((await ofMara()).map(([sentence]) => sentence)).toEqual([
    "Password changed",
    "Signed in with a new password",
    "Password set with a password-reset link",
    "Link created to reset the password, by Iris",
    "Tester given, Viewer given, Marketing removed on Fennel & Co, by Iris".replace("&", "&amp;"),
  ]);
});

test("a token that is used from a new address is recorded once for each", async () => {
  const token = await w.token("viewer");
  for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"])
    await token.get("/sites/shop/environments", from(address, "sitebook-cli/1"));
  later(day);
  await token.get("/sites/shop/environments", from("192.0.2.1"));

  expect(await onSite()).toEqual([
    ["viewer token", "Token used from a new address", "192.0.2.2", "sitebook-cli"],
    ["viewer token", "Token used from a new address", "192.0.2.1", "sitebook-cli"],
  ]);
});

test("security events are deleted after 180 days, and the list continues on a next page", async () => {
  const signIn = (address: string) => w.as("nobody").post("/sign-in", mara, from(address));
  await signIn("192.0.2.1");
  later(180 * day + 1);
  await signIn("198.51.100.0");
  for (let i = 1; i < 51; i++) {
    later(1000);
    // as a sign-in does, without a password to check
    const client = { address: `198.51.100.${i}`, userAgent: firefox };
    await recordSecurityEvent(w.db, w.clock.at, client, { kind: "signed_in", personId: w.people.mara.id });
  }
  const first = await w.as("mara").get("/account/security");
  const [, next = ""] = /rel="next" href="([^"]+)"/.exec(await first.clone().text()) ?? [];
  const second = await w.as("mara").get(next.replaceAll("&amp;", "&"));

  const addresses = [...(await rowsOf(first)), ...(await rowsOf(second))].map((cells) => cells[2]);
  expect(addresses).toEqual(Array.from({ length: 51 }, (_, i) => `198.51.100.${50 - i}`));
  expect(await (await w.as("mara").get("/account/security?before=nothing")).text()).toContain("198.51.100.50");
  expect(await w.db.selectFrom("security_event_sites").selectAll().execute()).toHaveLength(51);
});

test("a person sees where they are signed in, and signs out one of their browsers or all", async () => {
  const [office, phone, other] = [w.as("nobody"), w.as("nobody"), w.as("nobody")];
  await office.post("/sign-in", mara, from("192.0.2.1"));
  await phone.post(
    "/sign-in",
    mara,
    from("198.51.100.7", "Mozilla/5.0 (iPhone) AppleWebKit/605 Version/18 Safari/604"),
  );
  await other.post("/sign-in", { ...mara, email: "ada@example.test" }, from("192.0.2.9"));
  const page = await (await office.get("/account")).text();

  expect(page).toMatch(/Firefox on Windows.*192\.0\.2\.1.*this browser/s);
  expect(page).toMatch(/Safari on iOS.*198\.51\.100\.7/s);
  expect(page).not.toContain("192.0.2.9");
  const [, end = ""] = /action="(\/account\/sessions\/[0-9a-f]{64}\/end)"/.exec(page) ?? [];
  expect((await other.post(end)).status).toBe(303);
  expect((await phone.get("/account")).status, "somebody else cannot end it").toBe(200);

  const ended = await office.submit(end);
  expect(await ended.text()).toContain("That browser is signed out.");
  expect((await phone.get("/account")).status).toBe(303);
  expect((await office.get("/account")).status).toBe(200);

  await phone.post("/sign-in", mara);
  await office.post("/sign-out", { everywhere: "1" });
  expect((await phone.get("/account")).status).toBe(303);
  expect((await other.get("/account")).status).toBe(200);
  expect((await ofMara()).map(([sentence]) => sentence)).toContain("Signed out another browser");
});

test("an administrator signs a person out everywhere, and both see that", async () => {
  const [laptop, phone] = [w.as("nobody"), w.as("nobody")];
  await laptop.post("/sign-in", mara);
  await phone.post("/sign-in", mara);
  const own = `/sites/shop/settings/people/${w.people.mara.id}`;
  const iris = w.as("iris");
  expect(await (await iris.get(own)).text()).toContain("Signed in with 2 browsers.");
  expect((await w.as("vera").post(`${own}/sign-out`)).status).toBe(403);
  expect((await laptop.get("/account")).status).toBe(200);

  expect(await (await iris.submit(`${own}/sign-out`)).text()).toContain("Mara is signed out everywhere.");
  for (const browser of [laptop, phone]) expect((await browser.get("/account")).status).toBe(303);
  expect((await iris.get("/account")).status).toBe(200);
  expect((await laptop.post("/sign-in", mara)).status).toBe(303);
  expect((await ofMara()).map(([sentence]) => sentence)).toContain("Signed out everywhere, by Iris");
});

test("nobody signs out a person of a site that they do not administer, nor, this way, themselves", async () => {
  await w.as("oskar").post("/sites/elsewhere/settings/people", { name: "Mara", email: mara.email, roles: ["viewer"] });
  const browser = w.as("nobody");
  await browser.post("/sign-in", mara);
  const refused = await w.as("iris").post(`/sites/shop/settings/people/${w.people.mara.id}/sign-out`);
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain("would be signed out there, too.");
  const iris = w.as("iris");
  expect((await iris.post(`/sites/shop/settings/people/${w.people.iris.id}/sign-out`)).status).toBe(403);
  expect((await iris.post(`/sites/shop/settings/people/${w.people.oskar.id}/sign-out`)).status).toBe(404);
  for (const other of [browser, iris]) expect((await other.get("/account")).status).toBe(200);
});

test("an administrator of every site signs everybody out but this browser, and nobody else does", async () => {
  const [browser, iris, oskar] = [w.as("nobody"), w.as("iris"), w.as("oskar")];
  await browser.post("/sign-in", mara);
  const token = await machine(w, "viewer");
  expect((await iris.post("/settings/sign-in/sessions")).status).toBe(403);
  expect((await browser.get("/account")).status).toBe(200);

  await administersAll(w, "iris");
  const answer = await iris.submit("/settings/sign-in/sessions");
  expect(await answer.text()).toContain("Everybody else is signed out.");
  for (const other of [browser, oskar]) expect((await other.get("/account")).status).toBe(303);
  expect((await token.get("/sites/shop/environments")).status).toBe(200);
  expect((await seenBy("iris", "/account/security")).map(([sentence]) => sentence)).toContain(
    "Signed out everybody else",
  );
});

test.each([
  [firefox, "Firefox on Windows"],
  [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
    "Edge on Linux",
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15",
    "Safari on macOS",
  ],
  ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"],
  ["curl/8.5.0", "curl"],
  ["", "unknown"],
])("%s is shown as %s", (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});

test("an administrator's token reads them page by page, and no other token does", async () => {
  const attempt = { ...mara, password: "guess" };
  for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
    await w.as("nobody").post("/sign-in", attempt, from(address, "curl/8.5"));
  const administrator = await machine(w, "administrator");
  const first = await administrator.get("/sites/shop/security-events?limit=2");
  expect(first.body.items[0]).toEqual({
    at: w.clock.at,
    kind: "sign_in_failed",
    account: "Mara",
    by: null,
    sentence: "Wrong password",
    address: "192.0.2.3",
    user_agent: "curl/8.5",
  });
  const rest = await administrator.get(`/sites/shop/security-events?limit=2&cursor=${first.body.next}`);
  expect([...first.body.items, ...rest.body.items].map(({ address }) => address)).toEqual([
    "192.0.2.3",
    "192.0.2.2",
    "192.0.2.1",
  ]);
  expect(rest.body.next).toBeNull();
  expect((await (await machine(w, "account-manager")).get("/sites/shop/security-events")).status).toBe(403);
  expect((await administrator.get("/sites/elsewhere/security-events")).status).toBe(404);
});
