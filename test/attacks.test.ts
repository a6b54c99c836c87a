import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Attacking, attacking } from "./support/attacks/attacking.ts";
import type { Tally } from "./support/attacks/count.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { starting, tokenOn } from "./support/serving.ts";

let database: Awaited<ReturnType<typeof freshDatabaseUrl>>;
let server: ReturnType<typeof starting>;
let url: string;
let cookie: string;

// one server has to stand all of them, one after the other
beforeAll(async () => {
  database = await freshDatabaseUrl();
  await tokenOn(database.url);
  const env = { DATABASE_URL: database.url, TRUSTED_PROXIES: "127.0.0.1" };
  server = starting(env, [process.execPath, "--expose-gc", "test/support/attacks/impatient-server.ts"]);
  url = await server.url();
  const signedIn = await signIn("192.0.2.1");
  cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await database.drop();
});

let held: number;
beforeEach(async () => {
  held = await memory();
});
afterEach(async () => {
  expect(await memory()).toBeLessThan(held + 64);
});

/** MB that the server cannot let go. */
async function memory(): Promise<number> {
  const from = server.lines.length;
  server.signal("SIGUSR2");
  return Number(/\d+/.exec(await server.says("It holds", from)));
}

function signIn(address: string): Promise<Response> {
  return fetch(`${url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url, "x-forwarded-for": address },
    body: new URLSearchParams({ email: "ada@example.test", password: "correct horse battery staple" }),
  });
}

const pages = ["/sites/shop", "/sites/shop/history", "/sites/shop/approvals", "/sites/shop/environments/beta"];

/** Ada looks at one page after the other, all of which she gets, until every attack has come so far. */
async function clicksUntil(attack: Attacking, far: (tally: Tally, name: string) => boolean) {
  for (let i = 0; ; i++) {
    const page = await fetch(`${url}${pages[i % pages.length]}`, { headers: { cookie } });
    expect([page.status, (await page.text()).includes("<h1")]).toEqual([200, true]);
    const tallies = await attack.tallies();
    if (i > pages.length && Object.entries(tallies).every(([name, tally]) => far(tally, name))) return tallies;
  }
}

test("clients that do not get on are sent away, and told that they may try again", async () => {
  const names = ["heads that drip in", "half-sent requests", "bodies that drip in", "bodies in chunks that drip in"];
  await using attack = attacking(url, ...names);
  const tallies = await clicksUntil(attack, ({ answers }) => (answers["408 later"] ?? 0) >= 200);
  for (const [name, { answers }] of Object.entries(tallies)) expect(Object.keys(answers), name).toEqual(["408 later"]);
});

test("connections on which nobody says anything are closed", async () => {
  await using attack = attacking(url, "1,000 idle connections");
  const [tally] = Object.values(await clicksUntil(attack, ({ cut }) => cut >= 1000));
  expect(tally?.answers).toEqual({});
});

test("clients that do not read what they ask for are cut off", async () => {
  await using attack = attacking(url, "answers that nobody reads", "answers that are read drop by drop");
  await clicksUntil(attack, ({ cut, answers }) => cut + (answers["200"] ?? 0) >= 5);
});

test("clients that send without end are told that it is too much", async () => {
  const statuses: Record<string, string> = {
    "heads of 64 KB": "431",
    "a body that never ends": "413",
    "a body in chunks that never ends": "413",
  };
  await using attack = attacking(url, ...Object.keys(statuses));
  const tallies = await clicksUntil(attack, ({ answers }, name) => (answers[statuses[name] ?? ""] ?? 0) >= 6);
  for (const [name, { answers }] of Object.entries(tallies)) expect(Object.keys(answers)).toEqual([statuses[name]]);
});

test.each([
  ["sign-ins from one address for one e-mail", 5],
  ["sign-ins from one address for many e-mails", 30],
  ["sign-ins from many addresses for one e-mail", 5],
])("%s: at most %i are looked at, and somebody else signs in meanwhile", async (name, most) => {
  await using attack = attacking(url, name);
  await clicksUntil(attack, ({ answers }) => (answers["429 later"] ?? 0) >= 40);
  expect((await signIn("203.0.113.7")).status).toBe(303);
  const [tally] = Object.values(await clicksUntil(attack, ({ answers }) => (answers["429 later"] ?? 0) >= 80));
  expect(Object.keys(tally?.answers ?? {}).filter((kind) => kind !== "401" && kind !== "429 later")).toEqual([]);
  expect(tally?.answers["401"] ?? 0).toBeLessThanOrEqual(most);
});

test("of sign-ins from many addresses for many e-mails some are looked at, and the others told to wait", async () => {
  await using attack = attacking(url, "sign-ins from many addresses for many e-mails");
  const [tally] = Object.values(await clicksUntil(attack, ({ answers }) => (answers["429 later"] ?? 0) >= 80));
  expect(Object.keys(tally?.answers ?? {}).sort()).toEqual(["401", "429 later"]);
});

test("tokens that are none are refused", async () => {
  await using attack = attacking(url, "tokens that are none");
  const [tally] = Object.values(await clicksUntil(attack, ({ answers }) => (answers["401"] ?? 0) >= 80));
  expect(Object.keys(tally?.answers ?? {})).toEqual(["401"]);
});

test("none of it was a fault, and nothing was said of it", () => {
  expect(server.lines.filter((line) => !line.startsWith("It holds"))).toEqual([`Sitebook is at ${url}`]);
});
