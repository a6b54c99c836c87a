import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Attacking, attacking } from "./support/attacks/attacking.ts";
import type { Tally } from "./support/attacks/count.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { starting, tokenOn } from "./support/serving.ts";

let database: Awaited<ReturnType<typeof freshDatabaseUrl>>;
let server: ReturnType<typeof starting>;
let url: string;
let cookie: string;

// one server has to withstand all attacks, one after the other
beforeAll(async () => {
  database = await freshDatabaseUrl();
  await tokenOn(database.url);
  const env = { DATABASE_URL: database.url, TRUSTED_PROXIES: "127.0.0.1" };
  const options = ["--expose-gc", "--import", "./src/new-enough.js"];
  server = starting(env, [process.execPath, ...options, "test/support/attacks/impatient-server.ts"]);
  url = await server.url();
  const signedIn = await signIn("192.0.2.1");
  cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await database.drop();
});

let memoryBefore: number;
beforeEach(async () => {
  memoryBefore = await memoryMb();
});
// what a closed connection held is freed a moment after it was closed
afterEach(() => expect.poll(memoryMb, { interval: 250 }).toBeLessThan(memoryBefore + 64));

/** The server's memory after a garbage collection, in MB. */
async function memoryMb(): Promise<number> {
  const from = server.lines.length;
  server.signal("SIGUSR2");
  return Number(/\d+/.exec(await server.printedLine("It uses", from)));
}

function signIn(address: string): Promise<Response> {
  return fetch(`${url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url, "x-forwarded-for": address },
    body: new URLSearchParams({ email: "ada@example.test", password: "correct horse battery staple" }),
  });
}

/** People click no faster. */
const clickMs = 100;
const pages = ["/sites/shop", "/sites/shop/history", "/sites/shop/approvals", "/sites/shop/environments/beta"];

/** Ada opens one page after another, and gets each of them, until every attack has got as far as `far` says. */
async function clicksUntil(attack: Attacking, far: (tally: Tally, name: string) => boolean) {
  for (let i = 0; ; i++, await setTimeout(clickMs)) {
    const page = await fetch(`${url}${pages[i % pages.length]}`, { headers: { cookie } });
    expect([page.status, (await page.text()).includes("<h1")]).toEqual([200, true]);
    const tallies = await attack.tallies();
    if (i > pages.length && Object.entries(tallies).every(([name, tally]) => far(tally, name))) return tallies;
  }
}

test("slow clients are disconnected, with a response that says when to try again", async () => {
  const names = ["slow headers", "half-sent requests", "slow bodies", "slow chunked bodies"];
  await using attack = attacking(url, ...names);
  const tallies = await clicksUntil(attack, ({ answers }) => (answers["408 later"] ?? 0) >= 100);
  for (const [name, { answers }] of Object.entries(tallies)) expect(Object.keys(answers), name).toEqual(["408 later"]);
});

test("idle connections are closed", async () => {
  await using attack = attacking(url, "1,000 idle connections");
  const [tally] = Object.values(await clicksUntil(attack, ({ cut }) => cut >= 1000));
  expect(tally?.answers).toEqual({});
});

test("clients that do not read their responses are disconnected", async () => {
  await using attack = attacking(url, "responses that are not read", "responses that are read byte by byte");
  await clicksUntil(attack, ({ cut, answers }) => cut + (answers["200"] ?? 0) >= 5);
});

test("clients that send many requests without waiting for the responses are disconnected", async () => {
  await using attack = attacking(url, "1,000 requests at once");
  const [tally] = Object.values(await clicksUntil(attack, ({ cut }) => cut >= 10));
  expect(tally?.answers).toEqual({});
});

test("clients that send too much are refused", async () => {
  const statuses: Record<string, string> = {
    "headers of 64 KB": "431",
    "an endless body": "413",
    "an endless chunked body": "413",
  };
  await using attack = attacking(url, ...Object.keys(statuses));
  const tallies = await clicksUntil(attack, ({ answers }, name) => (answers[statuses[name] ?? ""] ?? 0) >= 3);
  for (const [name, { answers }] of Object.entries(tallies)) expect(Object.keys(answers)).toEqual([statuses[name]]);
});

test.each([
  ["sign-ins from one address for one e-mail", 5],
  ["sign-ins from one address for many e-mails", 30],
  // more than from one address: a few wrong passwords from elsewhere must not lock the account's owner out
  ["sign-ins from many addresses for one e-mail", 50],
])("%s: at most %i passwords are checked, and others can sign in meanwhile", async (name, maxChecked) => {
  await using attack = attacking(url, name);
  await clicksUntil(attack, ({ answers }) => (answers["429 later"] ?? 0) >= 40);
  expect((await signIn("203.0.113.7")).status).toBe(303);
  const [tally] = Object.values(await clicksUntil(attack, ({ answers }) => (answers["429 later"] ?? 0) >= 80));
  expect(Object.keys(tally?.answers ?? {}).filter((kind) => kind !== "401" && kind !== "429 later")).toEqual([]);
  expect(tally?.answers["401"] ?? 0).toBeLessThanOrEqual(maxChecked);
});

test("sign-ins from many addresses for many e-mails: some passwords are checked, the others have to wait", async () => {
  await using attack = attacking(url, "sign-ins from many addresses for many e-mails");
  const both = ({ answers }: Tally) => (answers["429 later"] ?? 0) >= 80 && "401" in answers;
  const [tally] = Object.values(await clicksUntil(attack, both));
  expect(Object.keys(tally?.answers ?? {}).sort()).toEqual(["401", "429 later"]);
});

test("invalid tokens are refused", async () => {
  await using attack = attacking(url, "invalid tokens");
  const [tally] = Object.values(await clicksUntil(attack, ({ answers }) => (answers["401"] ?? 0) >= 80));
  expect(Object.keys(tally?.answers ?? {})).toEqual(["401"]);
});

test("none of the attacks was logged as an error", () => {
  expect(server.lines.filter((line) => !line.startsWith("It uses"))).toEqual([`Sitebook is at ${url}`]);
});
