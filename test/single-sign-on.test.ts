import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verify } from "../src/integrity/verify.ts";
import { type Accounts, atProvider, clientSecret, encoded, identityProvider } from "./support/identity-provider.ts";
import { administersAll } from "./support/sign-on.ts";
import { password, type World, world } from "./support/world.ts";

let w: World;
let okta: Awaited<ReturnType<typeof identityProvider>>;
const accounts: Accounts = {
  mara: { email: "Mara@example.test", email_verified: true, name: "Mara Klein" },
  unverified: { email: "mara@example.test", email_verified: false },
  silent: { email: "theo@example.test" },
  lena: { email: "lena@example.test", email_verified: true, name: "Lena Ott", groups: ["marketing-team"] },
  other: { email: "mara@example.test", email_verified: true },
  nameless: { email: "x@example.test", email_verified: true, name: "\u202e" },
  addressless: {},
  iris: { email: "iris@example.test", email_verified: true, groups: [] },
};
beforeEach(async () => {
  w = await world();
  okta = await identityProvider(accounts);
  await administersAll(w, "iris");
});
afterEach(async () => {
  await okta.close();
  await w.close();
});

const settings = "/settings/sign-in";
const providerForm = (more: Record<string, string> = {}) => ({
  name: "Okta",
  slug: "okta",
  issuer: okta.issuer,
  client_id: "sitebook",
  secret: clientSecret,
  ...more,
});
const addProvider = (more?: Record<string, string>) => w.as("iris").submit(settings, providerForm(more));
const noticeOn = async (page: Response) => /<div class="note[^"]*"><span>(.*?)<\/span>/s.exec(await page.text())?.[1];

type Browser = ReturnType<World["as"]>;

/** Signs in at the provider, and returns the answer to the way back. */
async function signIn(login: string, browser: Browser = w.as("nobody"), next = "", there = atProvider()) {
  const start = await browser.get(`/sign-in/okta${next && `?next=${encodeURIComponent(next)}`}`);
  const back = new URL(await there(start.headers.get("location") ?? "", login));
  expect(back.origin).toBe("http://sitebook.test");
  return browser.get(back.pathname + back.search);
}

/** The same up to the page that the person sees then. */
async function pageAfter(login: string, browser: Browser = w.as("nobody")): Promise<string> {
  let page = await signIn(login, browser);
  while (page.status === 303) page = await browser.get(page.headers.get("location") ?? "/");
  return page.text();
}

const events = async () =>
  (await w.db.selectFrom("security_events").select(["kind", "detail"]).orderBy("seq").execute()).map(
    ({ kind, detail }) => `${kind} ${detail ?? ""}`.trim(),
  );

describe("an administrator of every site", () => {
  test("adds a provider, whose secret is stored encrypted and never shown", async () => {
    const page = await addProvider();
    expect(await noticeOn(page.clone())).toBe("Okta added. It answers.");
    const text = await page.text();
    expect(text).toContain("http://sitebook.test/sign-in/okta/callback");
    expect(text).not.toContain(clientSecret);

    const [row] = await w.db.selectFrom("identity_providers").selectAll().execute();
    expect(JSON.stringify(row)).not.toContain(clientSecret);
    await w.as("iris").post(`${settings}/okta`, { ...providerForm({ name: "Company login" }), secret: "" });
    const [changed] = await w.db.selectFrom("identity_providers").selectAll().execute();
    expect(changed).toMatchObject({ name: "Company login", sealed_secret: row?.sealed_secret });
    expect(await events()).toEqual(["provider_saved Okta", "provider_saved Company login"]);
    expect(await (await w.as("nobody").get("/sign-in")).text()).toContain("Sign in with Company login");
  });

  test("sees what is wrong with a form beside its fields, and nothing is stored", async () => {
    const wrong = {
      name: " ",
      slug: "Not a slug",
      issuer: "http://login.example.com",
      client_id: "",
      scopes: "größe",
      domains: "example",
      roles: "marketing = shop: marketing\nnonsense",
    };
    const page = await w.as("iris").post(settings, wrong);
    const text = await page.text();
    expect(page.status).toBe(422);
    for (const sentence of [
      "Enter the issuer’s address, like https://login.example.com",
      "Enter a client ID.",
      "Enter scopes like groups",
      "&quot;example&quot; is not a domain.",
      "Enter the claim that has these values.",
      "Line 2: enter a value, a site and a role",
    ])
      expect(text).toContain(sentence);
    expect(await (await addProvider({ roles_claim: "groups", roles: "a = nowhere: marketing" })).text()).toContain(
      "Line 1: there is no site &quot;nowhere&quot;.",
    );
    expect(await (await addProvider({ roles_claim: "groups", roles: "a = shop: king" })).text()).toContain(
      "Line 1: There is no role &quot;king&quot;.",
    );
    expect(await w.db.selectFrom("identity_providers").selectAll().execute()).toEqual([]);
    await addProvider();
    expect(await (await addProvider()).text()).toContain("Another provider has this short name.");
  });

  test("is told if a provider does not answer, and it is saved", async () => {
    const page = await addProvider({ issuer: "http://127.0.0.1:1" });
    expect(await noticeOn(page)).toBe("Okta added, but: Okta does not answer at the moment. Try again shortly.");
  });

  test("may do so only while administering every site", async () => {
    await addProvider();
    for (const name of ["oskar", "ada", "vera"] as const) {
      const browser = w.as(name);
      const answers = [
        await browser.get(settings),
        await browser.get(`${settings}/okta`),
        await browser.post(settings, providerForm({ slug: "evil" })),
        await browser.post(`${settings}/okta`, providerForm({ issuer: "https://evil.example" })),
        await browser.post(`${settings}/okta/removal`),
        await browser.post(`${settings}/passwords`, { passwords: "administrators" }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
    }
    expect((await w.as("nobody").get(settings)).headers.get("location")).toMatch(/^\/sign-in\?/);
    const rows = await w.db.selectFrom("identity_providers").select(["slug", "issuer"]).execute();
    expect(rows).toEqual([{ slug: "okta", issuer: okta.issuer }]);
  });

  test("removes a provider, and people who only used it cannot sign in then", async () => {
    await addProvider({ sign_up: "1" });
    await signIn("lena");
    expect(await noticeOn(await w.as("iris").submit(`${settings}/okta/removal`))).toBe("Okta removed.");
    const browser = w.as("nobody");
    expect((await browser.get("/sign-in/okta")).headers.get("location")).toBe("/sign-in?next=%2F");
    expect(await noticeOn(await browser.get("/sign-in"))).toBe("This way to sign in no longer exists.");
    expect(await w.db.selectFrom("identities").selectAll().execute()).toEqual([]);
  });

  test("keeps their own last way to sign in", async () => {
    await addProvider();
    await signIn("iris");
    const iris = w.db.updateTable("people").where("id", "=", w.people.iris.id);
    const { password: stored } = await w.db
      .selectFrom("people")
      .select("password")
      .where("id", "=", w.people.iris.id)
      .executeTakeFirstOrThrow();
    await iris.set({ password: null }).execute();
    const sentence = "It is your only way to sign in. Add a passkey under Account first";
    expect(await (await w.as("iris").get(`${settings}/okta`)).text()).toContain(sentence);
    const refused = await w.as("iris").post(`${settings}/okta/removal`);
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining(sentence)]);
    await iris.set({ password: stored }).execute();
    expect((await w.as("iris").post(`${settings}/okta/removal`)).status).toBe(303);
  });

  test("does not change the issuer with which people signed in, as it names them", async () => {
    await addProvider();
    const other = await identityProvider({ mara: { email: "evil@example.test", email_verified: true } });
    const change = () => w.as("iris").post(`${settings}/okta`, providerForm({ issuer: other.issuer }));
    expect((await change()).status).toBe(303);
    await w.as("iris").post(`${settings}/okta`, providerForm());
    await signIn("mara");
    const refused = await change();
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining(`1 person has signed in with the issuer ${okta.issuer}. Another issuer could identify`),
    ]);
    expect((await w.as("iris").post(`${settings}/okta`, providerForm({ name: "Okta of now" }))).status).toBe(303);
    await other.close();
  });
});

describe("signing in with a provider", () => {
  test("leads with PKCE, state and nonce to the provider, and on to the page that was opened first", async () => {
    await addProvider();
    const browser = w.as("nobody");
    const signInPage = await browser.get((await browser.get("/sites/shop/history")).headers.get("location") ?? "");
    const [, link = ""] = /href="(\/sign-in\/okta[^"]*)"/.exec(await signInPage.text()) ?? [];
    const start = await browser.get(link.replaceAll("&amp;", "&"));
    const address = new URL(start.headers.get("location") ?? "");

    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      response_type: "code",
      redirect_uri: "http://sitebook.test/sign-in/okta/callback",
      scope: "openid email profile",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(start.headers.getSetCookie()[0]).toMatch(
      /^sitebook-flow-[\w-]{16}=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const back = new URL(await atProvider()(address.href, "mara"));
    const answer = await browser.get(back.pathname + back.search);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sites/shop/history"]);
    expect((await browser.get("/sites/shop/history")).status).toBe(200);

    const replayed = await browser.get(back.pathname + back.search);
    expect(replayed.headers.get("location")).toBe("/sign-in?next=%2F");
  });

  test("makes an existing person of somebody with the same verified e-mail address, once for all", async () => {
    await addProvider();
    expect(await pageAfter("mara")).toContain("Mara");
    expect(await events()).toEqual(["provider_saved Okta", "provider_linked Okta", "signed_in with Okta"]);

    accounts.mara = { email: "new@example.test", email_verified: false };
    const browser = w.as("nobody");
    await signIn("mara", browser);
    expect(await (await browser.get("/account")).text()).toContain("mara@example.test");
    accounts.mara = { email: "Mara@example.test", email_verified: true, name: "Mara Klein" };
  });

  test.each([
    ["unverified", "Okta does not confirm that mara@example.test is your e-mail address."],
    ["silent", "Okta does not confirm that theo@example.test is your e-mail address."],
    ["addressless", "Okta does not say your e-mail address."],
    ["lena", "There is no account for lena@example.test here."],
  ])("is refused for %s, with a sentence on the sign-in page", async (login, sentence) => {
    await addProvider();
    expect(await pageAfter(login)).toContain(sentence);
    expect(await w.db.selectFrom("identities").selectAll().execute()).toEqual([]);
    expect((await events()).at(-1)).toContain(`sign_in_refused ${sentence}`);
    expect(await (await w.as("iris").get(settings)).text()).toContain(`Sign-in refused: ${sentence}`);
  });

  test("takes addresses as verified where an administrator says so, unless the provider denies it", async () => {
    await addProvider({ trusts_email: "1" });
    expect(await pageAfter("silent")).toContain("Theo");
    expect(await pageAfter("unverified")).toContain("does not confirm");
  });

  test("takes only addresses of the domains that an administrator entered", async () => {
    await addProvider({ domains: "@Fennel.example, shop.example" });
    expect(await pageAfter("mara")).toContain("Mara@example.test cannot be used with Okta here.");
    await w.as("iris").post(`${settings}/okta`, { ...providerForm(), domains: "fennel.example example.test" });
    expect(await pageAfter("mara")).toContain("Signed in: ");
  });

  test("does not let a second account at the provider become the same person", async () => {
    await addProvider();
    await signIn("mara");
    expect(await pageAfter("other")).toContain("mara@example.test belongs to another account at Okta.");
  });

  test("creates an account at the first sign-in where that is allowed, named as the provider says", async () => {
    await addProvider({ sign_up: "1" });
    expect(await pageAfter("lena")).toContain("You have no role on any site.");
    await signIn("nameless");
    const people = await w.db.selectFrom("people").select(["name", "email"]).where("password", "is", null).execute();
    expect(people).toEqual(
      expect.arrayContaining([
        { name: "Lena Ott", email: "lena@example.test" },
        { name: "x@example.test", email: "x@example.test" },
      ]),
    );
    await signIn("lena");
    expect(await events()).toEqual([
      "provider_saved Okta",
      "account_created by signing in with Okta",
      "signed_in with Okta",
      "account_created by signing in with Okta",
      "signed_in with Okta",
      "signed_in with Okta",
    ]);
  });

  test("of an invited person accepts the invitation", async () => {
    await addProvider();
    const invitation = { name: "Lena", email: "lena@example.test", roles: ["tester"] };
    await w.as("iris").post("/sites/shop/settings/people", invitation);
    const people = async () => (await w.as("iris").get("/sites/shop/settings/people")).text();
    expect(await people()).toMatch(/Lena.*invited/s);
    expect(await pageAfter("lena")).toContain("Fennel");
    expect(await people()).not.toMatch(/Lena.*invited/s);
  });
});

describe("roles from a claim", () => {
  const withRoles = { sign_up: "1", scopes: "groups", roles_claim: "groups" };
  const rolesOf = async (email: string) =>
    (
      await w.db
        .selectFrom("memberships as m")
        .innerJoin("people as p", "p.id", "m.person_id")
        .innerJoin("sites as s", "s.id", "m.site_id")
        .select(["s.slug", "m.role"])
        .where("p.email", "=", email)
        .execute()
    )
      .map(({ slug, role }) => `${slug}: ${role}`)
      .sort();

  test("are given and removed at each sign-in, in the site's history, and others stay", async () => {
    await addProvider({
      ...withRoles,
      roles: "marketing-team = shop: marketing\nqa = shop: tester\nmarketing-team = elsewhere: viewer",
    });
    expect(await pageAfter("lena")).toContain("Elsewhere");
    expect(await rolesOf("lena@example.test")).toEqual(["elsewhere: viewer", "shop: marketing"]);
    const lena = await w.db
      .selectFrom("people")
      .select("id")
      .where("email", "=", "lena@example.test")
      .executeTakeFirstOrThrow();
    await w.as("iris").post(`/sites/shop/settings/people/${lena.id}/roles`, { roles: ["marketing", "viewer"] });

    accounts.lena = { ...accounts.lena, groups: ["qa", "unknown"] };
    await signIn("lena");
    expect(await rolesOf("lena@example.test")).toEqual(["shop: tester", "shop: viewer"]);
    accounts.lena = { ...accounts.lena, groups: ["marketing-team"] };

    const history = await (await w.as("iris").get("/sites/shop/history")).text();
    expect(history).toMatch(/Sitebook.*Lena Ott.*Tester/s);
    expect((await events()).filter((event) => event.startsWith("roles_changed"))).toEqual([
      "roles_changed Marketing given on Fennel & Co",
      "roles_changed Viewer given on Elsewhere",
      "roles_changed Viewer given on Fennel & Co",
      "roles_changed Tester given, Marketing removed on Fennel & Co",
      "roles_changed Viewer removed on Elsewhere",
    ]);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("never remove the last administrator of a site", async () => {
    await addProvider({ ...withRoles, roles: "admins = shop: administrator\nadmins = elsewhere: administrator" });
    await signIn("iris");
    expect(await rolesOf("iris@example.test")).toEqual(["shop: administrator"]);
  });
});

describe("what comes back from somewhere else", () => {
  test("is refused without the browser's own beginning, or with another state", async () => {
    await addProvider();
    const victim = w.as("nobody");
    const start = await w.as("nobody").get("/sign-in/okta");
    const stolen = new URL(await atProvider()(start.headers.get("location") ?? "", "mara"));
    expect((await victim.get(stolen.pathname + stolen.search)).headers.get("location")).toBe("/sign-in?next=%2F");
    expect(await noticeOn(await victim.get("/sign-in"))).toContain(
      "This sign-in took too long, or began in another browser.",
    );

    const own = new URL((await victim.get("/sign-in/okta")).headers.get("location") ?? "");
    stolen.searchParams.set("state", own.searchParams.get("state") ?? "");
    await victim.get(stolen.pathname + stolen.search);
    expect(await noticeOn(await victim.get("/sign-in"))).toMatch(/^Okta refuses Sitebook\.|is not valid/);
    expect((await victim.get("/account")).status).toBe(303);
  });

  test("is refused if the sign-in began with another provider", async () => {
    await addProvider();
    const other = { slug: "other", name: "Other", issuer: "http://localhost:9" };
    await addProvider(other);
    const browser = w.as("nobody");
    const start = new URL((await browser.get("/sign-in/okta")).headers.get("location") ?? "");
    const { search } = new URL(await atProvider()(start.href, "mara"));
    const answer = await browser.get(`/sign-in/other/callback${search}`);
    expect(answer.headers.get("location")).toBe("/sign-in?next=%2F");
    expect(await noticeOn(await browser.get("/sign-in"))).toContain("This sign-in took too long, or began in another");
    expect((await browser.get("/account")).status).toBe(303);
  });

  test("does not begin a sign-in: another web site only leads to the page with the buttons", async () => {
    await addProvider();
    const opened = (site: string) => w.as("nobody").get("/sign-in/okta?next=/sites/shop", { "sec-fetch-site": site });
    expect((await opened("cross-site")).headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop");
    for (const site of ["same-origin", "none"])
      expect((await opened(site)).headers.get("location")).toContain(okta.issuer);
  });

  test("shows no words that somebody put into the address", async () => {
    await addProvider();
    const browser = w.as("nobody");
    const begin = async () =>
      new URL((await browser.get("/sign-in/okta")).headers.get("location") ?? "").searchParams.get("state") ?? "";
    const answer = async (error: string) => {
      const query = new URLSearchParams({
        state: await begin(),
        error,
        error_description: "Call 555",
        iss: okta.issuer,
      });
      await browser.get(`/sign-in/okta/callback?${query}`);
      return noticeOn(await browser.get("/sign-in"));
    };
    expect(await answer("access_denied")).toBe("You did not sign in at Okta.");
    expect(await answer("server_error")).toBe("Okta did not sign you in.");
    expect(
      (await browser.get("/sign-in/okta/callback?state=x&code=y&next=//evil.example")).headers.get("location"),
    ).toBe("/sign-in?next=%2F");
  });

  test("is refused if the client secret is wrong, and says whom to ask", async () => {
    await addProvider({ secret: "another secret" });
    expect(await pageAfter("mara")).toContain(
      "Okta refuses Sitebook. An administrator has to check its client ID and secret.",
    );
  });
});

describe("an ID token", () => {
  const [past, future] = [1_000_000_000, 4_000_000_000];
  test.each<[string, (token: string) => string]>([
    ["with another signature", (token) => token.replace(/.{8}$/, "AAAAAAAA")],
    ["with changed claims", (token) => `${token.split(".")[0]}.${encoded({ sub: "iris" })}.${token.split(".")[2]}`],
    ["without a signature", (token) => `${encoded({ alg: "none" })}.${token.split(".")[1]}.`],
    ["for another client", (token) => okta.signed(token, { aud: "another" })],
    ["of another issuer", (token) => okta.signed(token, { iss: "https://other.example" })],
    ["of another sign-in", (token) => okta.signed(token, { nonce: "of another" })],
    ["that has expired", (token) => okta.signed(token, { exp: past })],
    ["that is not valid yet", (token) => okta.signed(token, { nbf: future })],
  ])("%s signs nobody in", async (_, forge) => {
    await addProvider();
    okta.forged.token = forge;
    const browser = w.as("nobody");
    expect(await pageAfter("mara", browser)).toContain("The answer of Okta is not valid. Try again.");
    expect((await browser.get("/account")).status).toBe(303);
    okta.forged.token = (token) => okta.signed(token, {});
    expect((await signIn("mara", browser)).headers.get("location")).toBe("/");
  });
});

describe("a provider that is down", () => {
  test("leaves a sentence on the sign-in page, and passwords work", async () => {
    await addProvider();
    await okta.close();
    w.clock.at = new Date(Date.parse(w.clock.at) + 1000).toISOString();
    await w.as("iris").post(`${settings}/okta`, { ...providerForm(), secret: "" });
    const browser = w.as("nobody");
    const answer = await browser.get("/sign-in/okta?next=/sites/shop");
    expect(answer.headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop");
    const page = await browser.get("/sign-in?next=%2Fsites%2Fshop");
    expect(await noticeOn(page)).toBe("Okta does not answer at the moment. Try again shortly.");
    expect((await browser.post("/sign-in", { email: "mara@example.test", password })).status).toBe(303);
  });

  test("is given up after five seconds if it accepts connections and says nothing", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const added = addProvider({ issuer: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    await expect.poll(() => w.db.selectFrom("identity_providers").select("slug").execute()).toHaveLength(1);
    const begun = performance.now();
    const browser = w.as("nobody");
    await browser.get("/sign-in/okta");
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(await noticeOn(await browser.get("/sign-in"))).toContain("Okta does not answer");
    await added;
    silent.closeAllConnections();
    silent.close();
  }, 30_000);
});

describe("with passwords switched off", () => {
  const switchOff = () => w.as("iris").submit(`${settings}/passwords`, { passwords: "administrators" });

  test("administrators still sign in with theirs, and others with the provider", async () => {
    await addProvider();
    expect(await noticeOn(await switchOff())).toBe("Passwords are switched off for all but administrators.");
    expect((await w.as("nobody").post("/sign-in", { email: "iris@example.test", password })).status).toBe(303);
    const refused = await w.as("nobody").post("/sign-in", { email: "mara@example.test", password });
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("Passwords are switched off. Sign in with Okta.");
    expect((await w.as("nobody").post("/sign-in", { email: "mara@example.test", password: "guess" })).status).toBe(401);
    expect(await pageAfter("mara")).toContain("Signed in: ");
  });

  test("no link and no change sets a password", async () => {
    await addProvider();
    await switchOff();
    const iris = w.as("iris");
    const made = await (await iris.post(`/sites/shop/settings/people/${w.people.mara.id}/link`)).text();
    const [, link = ""] = /reset\?link=([\w-]{43})/.exec(made) ?? [];
    const chosen = { password: "another horse battery", again: "another horse battery" };
    expect((await w.as("nobody").get(`/reset?link=${link}`)).status).toBe(403);
    expect((await w.as("nobody").post("/reset", { link, ...chosen })).status).toBe(403);
    expect((await w.as("mara").post("/account/password", { current: password, ...chosen })).status).toBe(403);
    expect((await iris.post("/account/password", { current: password, ...chosen })).status).toBe(303);
  });

  test("needs a provider, and keeps the last one", async () => {
    expect((await w.as("iris").post(`${settings}/passwords`, { passwords: "administrators" })).status).toBe(409);
    await addProvider();
    await switchOff();
    expect((await w.as("iris").post(`${settings}/okta/removal`)).status).toBe(409);
    await w.as("iris").post(`${settings}/passwords`, { passwords: "everybody" });
    expect((await w.as("iris").post(`${settings}/okta/removal`)).status).toBe(303);
  });
});

test("signing out offers to sign out of the provider, which leads back", async () => {
  await addProvider();
  const [browser, there] = [w.as("nobody"), atProvider()];
  await signIn("mara", browser, "", there);
  const page = await browser.submit("/sign-out");
  const text = await page.text();
  expect(text).toContain("You are signed out of Sitebook.");
  expect((await browser.get("/account")).status).toBe(303);
  const [, address = ""] = new RegExp(`href="(${okta.issuer}/session/end[^"]+)"`).exec(text) ?? [];
  const query = new URL(address.replaceAll("&amp;", "&")).searchParams;
  expect(query.get("post_logout_redirect_uri")).toBe("http://sitebook.test/sign-in");
  expect(query.get("id_token_hint")).toMatch(/^ey/);
  expect(await there(address.replaceAll("&amp;", "&"), "")).toBe("http://sitebook.test/sign-in");
});

test("a gate that needs a fresh sign-in takes one at the provider only if the password was entered again", async () => {
  await addProvider();
  const [browser, there] = [w.as("nobody"), atProvider()];
  await signIn("mara", browser, "", there);
  const session = () =>
    w.db
      .selectFrom("sessions")
      .select(["authenticated_at"])
      .where("person_id", "=", w.people.mara.id)
      .executeTakeFirstOrThrow();
  expect((await session()).authenticated_at).toBe("1970-01-01T00:00:00.000Z");

  const start = await browser.get("/sign-in/okta?again=1&next=/sites/shop");
  const address = new URL(start.headers.get("location") ?? "");
  expect([address.searchParams.get("max_age"), address.searchParams.get("prompt")]).toEqual(["0", "login"]);
  const back = new URL(await there(address.href, "mara"));
  expect((await browser.get(back.pathname + back.search)).headers.get("location")).toBe("/sites/shop");
  expect(Date.now() - Date.parse((await session()).authenticated_at ?? "")).toBeLessThan(60_000);
});
