import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { safePath } from "../src/people/rules.ts";
import { forgetFailures, tryPassword } from "../src/people/sign-in.ts";
import { watchQueries } from "./support/database.ts";
import { browser, password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const right = { email: "iris@example.test", password };
const wrong = { ...right, password: "not the right one" };
const minutes = (n: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + n * 60_000).toISOString();
};

test("signing in leads to a person's only site, with a cookie that scripts and other sites cannot use", async () => {
  const nobody = w.as("nobody");
  const answer = await nobody.post("/sign-in", { ...right, email: " Iris@Example.TEST " });

  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/");
  expect(answer.headers.getSetCookie()[0]).toMatch(
    /^sitebook=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  expect((await nobody.get("/")).headers.get("location")).toBe("/sites/shop");
  expect(await (await nobody.get("/sites/shop")).text()).toContain("Fennel &amp; Co");
});

test("over https the cookie is bound to the host and never sent unencrypted", async () => {
  const app = createApp(w.db, { baseUrl: "https://sitebook.test", now: () => new Date(w.clock.at) });
  const answer = await browser(app, w.db, undefined, w.clock).post("/sign-in", right, {
    origin: "https://sitebook.test",
  });

  expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-sitebook=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
});

test("a wrong password and an unknown e-mail address get the same answer, with the tries that are left", async () => {
  const page = await w.as("nobody").post("/sign-in", wrong);
  const text = await page.text();
  const stranger = await w.as("nobody").post("/sign-in", { ...wrong, email: "nobody@example.test" });

  expect(page.status).toBe(401);
  expect(text).toContain("Wrong e-mail or password. Four more tries in the next 15 minutes.");
  expect(text).toContain('value="iris@example.test"');
  expect(text).not.toContain(wrong.password);
  expect((await stranger.text()).replaceAll("nobody@", "iris@")).toBe(text);
});

test("after five failures no password is checked for fifteen minutes, not even the right one", async () => {
  const nobody = w.as("nobody");
  for (const left of ["Four", "Three", "Two", "One", "No"])
    expect(await (await nobody.post("/sign-in", wrong)).text()).toMatch(`${left} more tr`);

  const locked = await nobody.post("/sign-in", right);
  expect(locked.status).toBe(429);
  expect(locked.headers.get("retry-after")).toBe("900");
  expect(await locked.text()).toContain("Too many tries. Try again in 15 minutes");
  expect((await nobody.post("/sign-in", { ...right, email: "ada@example.test" })).status).toBe(303);

  minutes(14);
  expect((await nobody.post("/sign-in", right)).headers.get("retry-after")).toBe("60");
  minutes(1);
  expect((await nobody.post("/sign-in", right)).status).toBe(303);
});

test("signing in resets the count of failures", async () => {
  const nobody = w.as("nobody");
  for (let i = 0; i < 4; i++) await nobody.post("/sign-in", wrong);
  await nobody.post("/sign-in", right);

  expect(await (await w.as("nobody").post("/sign-in", wrong)).text()).toContain("Four more tries");
});

test("of many guesses at the same moment no more than five are checked", async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => w.as("nobody").post("/sign-in", wrong)));

  const statuses = answers.map((answer) => answer.status);
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
  expect(statuses.every((status) => status === 401 || status === 429)).toBe(true);
});

test("a try that is refused without being checked writes nothing", async () => {
  const attempt = { ...right, address: "192.0.2.7", at: w.clock.at };
  const failure = { email: right.email, address: attempt.address, browser: "", at: w.clock.at };
  const failures = [1, 2, 3, 4, 5].map((i) => ({ ...failure, id: `failure ${i}` }));
  await w.db.insertInto("sign_in_failures").values(failures).execute();
  const [db, queries] = watchQueries(w.db);

  expect(await tryPassword(db, attempt)).toEqual({ wait: 900 });
  expect(new Set(queries)).toEqual(new Set(["SelectQueryNode"]));
  await forgetFailures(w.db, right.email);
  expect(await tryPassword(db, attempt)).toMatchObject({ person: { email: right.email } });
  expect(queries).toContain("InsertQueryNode");
});

test("failures that no longer count are deleted at the next try that is checked", async () => {
  await w.as("nobody").post("/sign-in", wrong);
  minutes(15);
  await w.as("nobody").post("/sign-in", { ...wrong, email: "ada@example.test" });
  const rows = await w.db.selectFrom("sign_in_failures").select("email").execute();
  expect(rows).toEqual([{ email: "ada@example.test" }]);
});

test("a client address that tries many accounts is stopped, and others are not", async () => {
  const from = (address: string) => ({ "x-test-address": address });
  const failures = Array.from({ length: 30 }, (_, i) => ({
    id: `failure ${i}`,
    email: `person${i}@example.test`,
    address: "192.0.2.7",
    browser: "",
    at: w.clock.at,
  }));
  await w.db.insertInto("sign_in_failures").values(failures).execute();
  minutes(1);

  expect((await w.as("nobody").post("/sign-in", right, from("192.0.2.7"))).status).toBe(429);
  expect((await w.as("nobody").post("/sign-in", right, from("192.0.2.8"))).status).toBe(303);
});

describe("wrong passwords from elsewhere", () => {
  const from = (address: string) => ({ "x-test-address": address });
  const lockOut = async (address: string) => {
    for (let i = 0; i < 5; i++) await w.as("nobody").post("/sign-in", wrong, from(address));
    expect((await w.as("nobody").post("/sign-in", right, from(address))).status).toBe(429);
  };
  const failures = (more: { email?: string; address?: string }, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `failure ${i}`,
      email: right.email,
      address: `198.51.100.${i}`,
      browser: "",
      at: w.clock.at,
      ...more,
    }));

  test("stop that address, and not the person, who signs in from a new browser", async () => {
    await lockOut("192.0.2.66");
    expect((await w.as("nobody").post("/sign-in", right, from("192.0.2.1"))).status).toBe(303);
    expect((await w.as("nobody").post("/sign-in", right, from("192.0.2.66"))).status, "still stopped").toBe(429);
  });

  test("from many addresses stop new browsers, and let one through in which the person signed in before", async () => {
    const known = w.as("nobody");
    const signedIn = await known.post("/sign-in", right, from("192.0.2.1"));
    expect(signedIn.headers.getSetCookie()[1]).toMatch(
      /^sitebook-browser=[\w-]{43}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    await known.post("/sign-out");
    await w.db.insertInto("sign_in_failures").values(failures({}, 50)).execute();

    expect((await w.as("nobody").post("/sign-in", right, from("192.0.2.1"))).status).toBe(429);
    expect((await known.post("/sign-in", right, from("192.0.2.1"))).status).toBe(303);
  });

  test("from the address of a whole office let a browser through in which the person signed in before", async () => {
    const known = w.as("nobody");
    await known.post("/sign-in", right, from("192.0.2.1"));
    await known.post("/sign-out");
    const others = failures({ address: "192.0.2.1" }, 30).map((row, i) => ({ ...row, email: `${i}@example.test` }));
    await w.db.insertInto("sign_in_failures").values(others).execute();

    expect((await w.as("nobody").post("/sign-in", right, from("192.0.2.1"))).status).toBe(429);
    expect((await known.post("/sign-in", right, from("192.0.2.1"))).status).toBe(303);
  });

  test("in a known browser itself are limited, too, and its cookie helps with no other account", async () => {
    const known = w.as("nobody");
    await known.post("/sign-in", right);
    await known.post("/sign-out");
    for (const left of ["Four", "Three", "Two", "One", "No"])
      expect(await (await known.post("/sign-in", wrong)).text()).toMatch(`${left} more tr`);
    expect((await known.post("/sign-in", right)).status).toBe(429);

    const ada = { ...right, email: "ada@example.test" };
    await w.db
      .insertInto("sign_in_failures")
      .values(failures({ email: ada.email }, 50))
      .execute();
    expect((await known.post("/sign-in", ada)).status).toBe(429);
  });

  test("several people sign in with one browser, which knows each of them; after 400 days it knows nobody", async () => {
    const shared = w.as("nobody");
    for (const name of ["iris", "ada"]) {
      await shared.post("/sign-in", { email: `${name}@example.test`, password });
      await shared.post("/sign-out");
    }
    const known = () => w.db.selectFrom("known_browsers").select(["hash", "person_id"]).execute();
    const rows = await known();
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(1);
    expect(rows).toHaveLength(2);

    minutes(400 * 24 * 60);
    await shared.post("/sign-in", right);
    expect(await known()).toEqual([
      { hash: expect.not.stringContaining(rows[0]?.hash ?? ""), person_id: expect.any(String) },
    ]);
  });
});

test("an invalid e-mail address is refused like an unknown one, and shown as text", async () => {
  const long = `${"x".repeat(5000)}@example.test`;
  for (const email of ["<script>alert(1)</script>", "' or 1=1 --", "a\u0000b@example.test", long]) {
    const page = await w.as("nobody").post("/sign-in", { email, password: "x".repeat(50_000) });
    expect(page.status).toBe(401);
    expect(await page.text()).not.toContain("<script>alert");
  }
});

test("signing in continues to the page that a signed-out user opened", async () => {
  const nobody = w.as("nobody");
  const page = await nobody.get("/sites/shop/settings?tab=1");
  expect(page.headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop%2Fsettings%3Ftab%3D1");

  const form = await (await nobody.get(page.headers.get("location") ?? "")).text();
  expect(form).toContain('name="next" value="/sites/shop/settings?tab=1"');
  const answer = await nobody.post("/sign-in", { ...right, next: "/sites/shop/settings?tab=1" });
  expect(answer.headers.get("location")).toBe("/sites/shop/settings?tab=1");
});

test("after a signed-out post, which does nothing, signing in continues to the page with the form", async () => {
  const answer = await w
    .as("nobody")
    .post("/sites/shop/settings/people", { name: "X" }, { referer: "http://sitebook.test/sites/shop/settings/people" });
  expect(answer.headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop%2Fsettings%2Fpeople");

  const partial = await w.as("nobody").get("/sites/shop", { "hx-request": "true" });
  expect([partial.status, partial.headers.get("hx-redirect")]).toEqual([401, "/sign-in?next=%2Fsites%2Fshop"]);
});

test("signing in continues only to paths of this Sitebook", () => {
  const others = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
  ];
  for (const next of [...others, "/\t/evil.example", "/\n/evil.example", "evil", "", undefined])
    expect(safePath(next), next).toBe("/");
  expect(safePath("/sites/shop?text=a%20b#x")).toBe("/sites/shop?text=a%20b#x");
});

test("a link to the sign-in page cannot send a user to another host", async () => {
  const answer = await w.as("nobody").post("/sign-in", { ...right, next: "//evil.example" });
  expect(answer.headers.get("location")).toBe("/");
  expect((await w.as("iris").get("/sign-in?next=//evil.example")).headers.get("location")).toBe("/");
});

test("signing in starts a new session: a planted cookie is not used, and the old session is closed", async () => {
  const planted = { cookie: "sitebook=planted" };
  const answer = await w.app.request("http://sitebook.test/sign-in", {
    method: "POST",
    body: new URLSearchParams(right),
    headers: { ...planted, origin: "http://sitebook.test" },
  });
  expect(answer.headers.getSetCookie()[0]).not.toContain("planted");
  expect((await w.app.request("http://sitebook.test/sites/shop", { headers: planted })).status).toBe(303);

  const iris = w.as("iris");
  await iris.get("/sites/shop");
  const before = await w.db.selectFrom("sessions").select("hash").execute();
  await iris.post("/sign-in", right);
  const after = (await w.db.selectFrom("sessions").select("hash").execute()).map(({ hash }) => hash);
  expect(after).toHaveLength(before.length);
  expect(before.every(({ hash }) => after.includes(hash))).toBe(false);
});

test("signing out ends the session, not only the cookie", async () => {
  const signedIn = await w.as("nobody").post("/sign-in", right);
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const open = () => w.app.request("http://sitebook.test/sites/shop", { headers: { cookie } });
  expect((await open()).status).toBe(200);

  const answer = await w.app.request("http://sitebook.test/sign-out", {
    method: "POST",
    headers: { cookie, origin: "http://sitebook.test", "content-type": "application/x-www-form-urlencoded" },
  });
  expect(answer.headers.get("location")).toBe("/sign-in");
  expect((await open()).status).toBe(303);
});

test("a session ends after a week without a request, or after a month", async () => {
  const [idle, busy] = [w.as("iris"), w.as("iris")];
  const day = 24 * 60;
  expect((await idle.get("/sites/shop")).status).toBe(200);
  for (let days = 0; days < 28; days += 4) {
    expect((await busy.get("/sites/shop")).status).toBe(200);
    minutes(4 * day);
  }
  expect((await idle.get("/sites/shop")).status).toBe(303);
  expect((await busy.get("/sites/shop")).status).toBe(200);
  minutes(2 * day);
  expect((await busy.get("/sites/shop")).status).toBe(303);
});

test("where sessions are shorter, those that began before end as early, and a click prolongs them within the limit", async () => {
  const before = w.as("iris");
  expect((await before.get("/sites/shop")).status).toBe(200);
  const sessions = { idle: 30 * 60_000, total: 12 * 3_600_000 };
  const app = createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at), sessions });
  const short = browser(app, w.db, undefined, w.clock);
  const [cookie] = (await short.post("/sign-in", right)).headers.getSetCookie();
  expect(cookie).toContain("; Max-Age=43200;");
  const other = browser(app, w.db, w.people.iris, w.clock);
  expect((await other.get("/sites/shop")).status).toBe(200);

  for (let i = 0; i < 28; i++) {
    minutes(25);
    expect((await short.get("/sites/shop")).status).toBe(200);
  }
  expect((await other.get("/sites/shop")).status).toBe(303);
  const account = await (await short.get("/account")).text();
  expect(account.match(/>this browser<|Sign out<span/g)).toHaveLength(1);
  expect((await before.get("/sites/shop")).status, "under the usual limits").toBe(200);
  minutes(20);
  expect((await short.get("/sites/shop")).status).toBe(303);
});

test("a post from another origin, or from none, is refused", async () => {
  for (const origin of ["https://evil.example", "null", "http://sitebook.test.evil.example"]) {
    const answer = await w.as("iris").post("/sites/shop/settings", { name: "Evil", time_zone: "UTC" }, { origin });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("This request came from another web site, so it was refused.");
  }
  const site = await w.db.selectFrom("sites").select("name").where("slug", "=", "shop").executeTakeFirst();
  expect(site?.name).toBe("Fennel & Co");
});

test("every response has the security headers, also errors and assets", async () => {
  const css = /href="(\/assets\/sitebook[^"]+)"/.exec(await (await w.as("nobody").get("/sign-in")).text())?.[1] ?? "";
  const answers = [
    await w.as("iris").get("/sites/shop"),
    await w.as("iris").get("/sites/nowhere"),
    await w.as("iris").get("/nowhere"),
    await w.as("vera").get("/sites/shop/settings"),
    await w.as("nobody").get("/sites/shop"),
    await w.as("nobody").post("/sign-in", wrong),
    await w.app.request("http://sitebook.test/api/v1/sites"),
    await w.app.request(`http://sitebook.test${css}`),
  ];

  expect(answers.map((answer) => answer.status)).toEqual([200, 404, 404, 403, 303, 401, 401, 200]);
  for (const { headers } of answers) {
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("same-origin");
  }
  for (const { headers } of answers.slice(0, 7)) expect(headers.get("cache-control")).toBe("no-store");
});

test("an unknown Host header does not appear on pages or in redirects", async () => {
  const answer = await w.app.request("http://evil.example/sites/shop", { headers: { host: "evil.example" } });
  expect(answer.headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop");
  const page = await w.app.request("http://evil.example/sign-in", { headers: { host: "evil.example" } });
  expect(await page.text()).not.toContain("evil.example");
});

test("a token opens no page, and a session no API", async () => {
  const { secret } = await w.token("administrator");
  const asToken = { authorization: `Bearer ${secret}`, cookie: `sitebook=${secret}` };
  expect((await w.app.request("http://sitebook.test/sites/shop", { headers: asToken })).status).toBe(303);
  expect((await w.as("iris").get("/api/v1/sites/shop/environments")).status).toBe(401);
  expect((await w.as("iris").post("/api/v1/sites", { slug: "x" })).status).toBe(401);
});

test("a signed-out client may send only small forms, and a form for a site is not even read", async () => {
  const large = { name: "x".repeat(100_000) };
  const answer = await w.as("nobody").post("/sign-in", { ...right, ...large });
  expect(answer.status).toBe(413);
  expect(await answer.text()).toContain("That is too large. A form here has at most 64 kB.");
  expect((await w.as("nobody").post("/sites/shop/deployments", large)).status).toBe(303);
  expect((await w.as("cleo").post("/sites/shop/deployments/new", { ...large, environment: "beta" })).status).toBe(422);
});

test("a malformed form is refused with 400", async () => {
  const answer = await w.app.request("http://sitebook.test/sign-in", {
    method: "POST",
    body: "no form at all",
    headers: { origin: "http://sitebook.test", "content-type": "multipart/form-data; boundary=x" },
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain("The form could not be read");
});
