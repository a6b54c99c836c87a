import type { Hono } from "hono";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import type { Database } from "../src/database/connect.ts";
import type { AppEnv } from "../src/http/context.ts";
import { newLink, setupLink } from "../src/people/links.ts";
import { setUp } from "../src/setup/setup.ts";
import { freshDatabase } from "./support/database.ts";
import { browser } from "./support/world.ts";

/** A book that nobody has opened yet. */
let db: Database;

let close: () => Promise<void>;

let app: Hono<AppEnv>;

const clock = { at: "2026-03-03T10:00:00.000Z" };

beforeEach(async () => {
  ({ db, close } = await freshDatabase());
  clock.at = "2026-03-03T10:00:00.000Z";
  app = createApp(db, { baseUrl: "http://sitebook.test", now: () => new Date(clock.at) });
});

afterEach(() => close());

const somebody = () => browser(app, db, undefined, clock);

const form = (link: string, more: Record<string, string> = {}) => ({
  link,
  name: "Iris",
  email: "Iris@Example.test",
  password: "correct horse battery",
  again: "correct horse battery",
  begin: "site",
  "site.name": "Fennel & Co",
  "site.slug": "",
  "site.time_zone": "Europe/London",
  ...more,
});

const people = () => db.selectFrom("people").select(["name", "email", "password"]).execute();

test("the one-time link makes the first account and its site, and signs in", async () => {
  const link = (await setupLink(db, clock.at)) ?? "";
  const browser = somebody();
  expect(await (await browser.get(`/setup?link=${link}`)).text()).toContain("Set up Sitebook");

  const board = await browser.submit("/setup", form(link));
  expect((await browser.get("/")).headers.get("location")).toBe("/sites/fennel-co");
  expect(board.status).toBe(303);
  const page = await (await browser.get("/sites/fennel-co/settings/environments")).text();
  for (const name of ["beta", "demo", "live"]) expect(page).toContain(name);

  const [iris, ...others] = await people();
  expect(others).toEqual([]);
  expect(iris).toMatchObject({ name: "Iris", email: "iris@example.test" });
  expect(iris?.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  const held = await db.selectFrom("memberships").select("role").orderBy("role").execute();
  expect(held.map((one) => one.role)).toEqual(["account-manager", "administrator"]);
  const site = await db.selectFrom("sites").select(["name", "time_zone"]).executeTakeFirst();
  expect(site).toEqual({ name: "Fennel & Co", time_zone: "Europe/London" });
});

test("the first account may begin with the example shop, whose people sign in with the same password", async () => {
  const link = (await setupLink(db, clock.at)) ?? "";
  const iris = somebody();
  const answer = await iris.submit("/setup", form(link, { begin: "example", "site.name": "" }));
  const board = await iris.get(answer.headers.get("location") ?? "");
  expect(await board.text()).toContain("such as marketing@example.test, sign in with your password.");

  const mara = { email: "marketing@example.test", password: "correct horse battery" };
  expect((await somebody().post("/sign-in", mara)).status).toBe(303);
  expect(await db.selectFrom("open_promotions").select("promotion_id").execute()).not.toEqual([]);
});

test("what is wrong is said beside each field, nothing is made, and the link still works", async () => {
  const link = (await setupLink(db, clock.at)) ?? "";
  const bad = {
    name: " ",
    email: "iris",
    password: "short",
    again: "other",
    "site.name": "",
    "site.time_zone": "Mars",
  };
  const page = await somebody().post("/setup", form(link, bad));
  const text = await page.text();

  expect(page.status).toBe(422);
  for (const sentence of [
    "The name is missing.",
    "An e-mail address looks like ada@example.com.",
    "A password has at least 10 characters; this one has 5.",
    "This is not the same as the password above.",
    "Enter a name.",
    "is no time zone",
  ])
    expect(text).toContain(sentence);
  expect(text).toContain('value="iris"');
  expect(text).not.toContain('value="short"');
  expect(await people()).toEqual([]);
  expect((await somebody().post("/setup", form(link))).status).toBe(303);
});

test.each([
  ["the e-mail address itself", { password: "iris@example.test", again: "iris@example.test" }, "Anybody can guess"],
  ["201 characters", { password: "x".repeat(201), again: "x".repeat(201) }, "at most 200 characters; this one has 201"],
])("%s is no password", async (_, password, sentence) => {
  const link = (await setupLink(db, clock.at)) ?? "";
  expect(await (await somebody().post("/setup", form(link, password))).text()).toContain(sentence);
});

test("without the link, with a wrong one, and after a day, nobody sets anything up", async () => {
  const link = (await setupLink(db, clock.at)) ?? "";
  expect((await somebody().get("/setup")).status).toBe(403);
  expect((await somebody().get("/setup?link=guessed")).status).toBe(403);
  expect((await somebody().post("/setup", form("guessed"))).status).toBe(403);
  expect((await somebody().post("/setup", form(""))).status).toBe(403);
  clock.at = "2026-03-04T10:00:00.000Z";
  const late = await somebody().post("/setup", form(link));
  expect(late.status).toBe(403);
  expect(await late.text()).toContain("Open the one that Sitebook printed when it last started.");
  expect(await people()).toEqual([]);
});

test("a newer link takes the place of the one before", async () => {
  const before = (await setupLink(db, clock.at)) ?? "";
  const now = (await setupLink(db, clock.at)) ?? "";
  expect((await somebody().get(`/setup?link=${before}`)).status).toBe(403);
  expect((await somebody().get(`/setup?link=${now}`)).status).toBe(200);
});

test("once there is an account, set-up leads to signing in, and no new link is made", async () => {
  const link = (await setupLink(db, clock.at)) ?? "";
  await somebody().post("/setup", form(link));

  const late = await somebody().submit("/setup", form(link, { email: "eve@example.test" }));
  expect(await late.text()).toContain("Sitebook has its first account already.");
  expect((await somebody().get(`/setup?link=${link}`)).headers.get("location")).toBe("/sign-in");
  expect(await setupLink(db, clock.at)).toBeUndefined();
  expect(await people()).toHaveLength(1);
});

test("of two who set up at the same moment one wins, with one account and one site", async () => {
  const links = [(await setupLink(db, clock.at)) ?? ""];
  links.push(links[0] ?? "");
  const answers = await Promise.all(
    links.map((link, i) => somebody().post("/setup", form(link, { email: `person${i}@example.test` }))),
  );

  expect(answers.map((answer) => answer.headers.get("location"))).toContain("/");
  expect(await people()).toHaveLength(1);
  expect(await db.selectFrom("sites").select("slug").execute()).toHaveLength(1);
});

test("the command line needs no link, and is refused a second time", async () => {
  const iris = { name: "Iris", email: "iris@example.test", password: "correct horse battery", at: clock.at };
  const { person, site } = await setUp(db, iris);
  expect([person.name, site]).toEqual(["Iris", undefined]);

  await expect(setUp(db, { ...iris, email: "eve@example.test" })).rejects.toThrow(
    "Sitebook has its first account already. Sign in, or ask an administrator for an invitation.",
  );
});

test("of many at the command line at the same moment one wins too", async () => {
  const somebody = { name: "Iris", password: "correct horse battery", at: clock.at };
  const race = ["a", "b", "c", "d", "e", "f"].map((name) => setUp(db, { ...somebody, email: `${name}@example.test` }));
  expect((await Promise.allSettled(race)).filter((one) => one.status === "fulfilled")).toHaveLength(1);
  expect(await people()).toHaveLength(1);
});

test("who has an account but no site may make the first one", async () => {
  const { person } = await setUp(db, {
    name: "Iris",
    email: "i@example.test",
    password: "correct horse",
    at: clock.at,
  });
  const iris = browser(app, db, person, clock);
  expect((await iris.get("/")).headers.get("location")).toBe("/sites");
  expect(await (await iris.get("/sites")).text()).toContain("There is no site yet.");

  const board = await iris.submit("/sites", { "site.name": "Café & Bar", "site.slug": "", "site.time_zone": "UTC" });
  expect(board.status).toBe(200);
  expect((await iris.get("/")).headers.get("location")).toBe("/sites/cafe-bar");
});

test("before there is an account, the sign-in page says what to do", async () => {
  expect(await (await somebody().get("/sign-in")).text()).toContain("Open the link to /setup that Sitebook printed");
});

test("a link for one purpose is none for another", async () => {
  const { person } = await setUp(db, {
    name: "Iris",
    email: "i@example.test",
    password: "correct horse",
    at: clock.at,
  });
  const reset = await newLink(db, "reset", person.id, clock.at);
  expect((await somebody().get(`/invitation?link=${reset}`)).status).toBe(403);
  expect((await somebody().get(`/reset?link=${reset}`)).status).toBe(200);
});
