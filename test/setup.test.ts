import { afterEach, beforeEach, expect, test } from "vitest";
import { newLink, setupLink } from "../src/people/links.ts";
import { setUp } from "../src/setup/setup.ts";
import { emptyBook, setupForm as form } from "./support/own-site.ts";

let book: Awaited<ReturnType<typeof emptyBook>>;
beforeEach(async () => {
  book = await emptyBook();
});
afterEach(() => book.close());

const people = () => book.db.selectFrom("people").select(["name", "email", "password"]).execute();

test("the one-time link creates the first account and its site, and signs in", async () => {
  const link = await book.link();
  const browser = book.visitor();
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
  const roles = await book.db.selectFrom("memberships").select("role").orderBy("role").execute();
  expect(roles.map(({ role }) => role)).toEqual(["account-manager", "administrator"]);
  const site = await book.db.selectFrom("sites").select(["name", "time_zone"]).executeTakeFirst();
  expect(site).toEqual({ name: "Fennel & Co", time_zone: "Europe/London" });
});

test("the first account can start with the example shop, whose people sign in with the same password", async () => {
  const link = await book.link();
  const iris = book.visitor();
  const answer = await iris.submit("/setup", form(link, { begin: "example", "site.name": "" }));
  const board = await iris.get(answer.headers.get("location") ?? "");
  expect(await board.text()).toContain(
    "such as Priya Shah of Marketing (priya@example.test), can sign in with your password.",
  );

  const priya = { email: "priya@example.test", password: "correct horse battery" };
  expect((await book.visitor().post("/sign-in", priya)).status).toBe(303);
  expect(await book.db.selectFrom("open_promotions").select("promotion_id").execute()).not.toEqual([]);
});

test("a wrong form is refused beside each field, nothing is created, and the link still works", async () => {
  const link = await book.link();
  const bad = {
    name: " ",
    email: "iris",
    password: "short",
    again: "other",
    "site.name": "",
    "site.time_zone": "Mars",
  };
  const page = await book.visitor().post("/setup", form(link, bad));
  const text = await page.text();

  expect(page.status).toBe(422);
  for (const sentence of [
    "Enter a name.",
    "Enter an e-mail address like ada@example.com.",
    "A password needs at least 10 characters; this one has 5.",
    "This is different from the password above.",
    "Enter a name.",
    "is not a time zone",
  ])
    expect(text).toContain(sentence);
  expect(text).toContain('value="iris"');
  expect(text).not.toContain('value="short"');
  expect(await people()).toEqual([]);
  expect((await book.visitor().post("/setup", form(link))).status).toBe(303);
});

test.each([
  ["the own e-mail address", { password: "iris@example.test", again: "iris@example.test" }, "is easy to guess"],
  ["201 characters", { password: "x".repeat(201), again: "x".repeat(201) }, "at most 200 characters; this one has 201"],
])("%s is refused as a password", async (_, password, sentence) => {
  const link = await book.link();
  expect(await (await book.visitor().post("/setup", form(link, password))).text()).toContain(sentence);
});

test("without the link, with a wrong one, and after a day, the set-up is refused", async () => {
  const link = await book.link();
  expect((await book.visitor().get("/setup")).status).toBe(403);
  expect((await book.visitor().get("/setup?link=guessed")).status).toBe(403);
  expect((await book.visitor().post("/setup", form("guessed"))).status).toBe(403);
  expect((await book.visitor().post("/setup", form(""))).status).toBe(403);
  book.clock.at = "2026-03-04T10:00:00.000Z";
  const late = await book.visitor().post("/setup", form(link));
  expect(late.status).toBe(403);
  expect(await late.text()).toContain("Open the one that Sitebook printed when it last started.");
  expect(await people()).toEqual([]);
});

test("a newer link replaces the previous one", async () => {
  const older = await book.link();
  const newer = await book.link();
  expect((await book.visitor().get(`/setup?link=${older}`)).status).toBe(403);
  expect((await book.visitor().get(`/setup?link=${newer}`)).status).toBe(200);
});

test("once there is an account, the set-up redirects to the sign-in page, and no new link is created", async () => {
  const link = await book.link();
  await book.visitor().post("/setup", form(link));

  const late = await book.visitor().submit("/setup", form(link, { email: "eve@example.test" }));
  expect(await late.text()).toContain("Sitebook is already set up.");
  expect((await book.visitor().get(`/setup?link=${link}`)).headers.get("location")).toBe("/sign-in");
  expect(await setupLink(book.db, book.clock.at)).toBeUndefined();
  expect(await people()).toHaveLength(1);
});

test("two simultaneous set-ups create one account and one site", async () => {
  const links = [await book.link()];
  links.push(links[0] ?? "");
  const answers = await Promise.all(
    links.map((link, i) => book.visitor().post("/setup", form(link, { email: `person${i}@example.test` }))),
  );

  expect(answers.map((answer) => answer.headers.get("location"))).toContain("/");
  expect(await people()).toHaveLength(1);
  expect(await book.db.selectFrom("sites").select("slug").execute()).toHaveLength(1);
});

test("the command line needs no link, and is refused a second time", async () => {
  const iris = { name: "Iris", email: "iris@example.test", password: "correct horse battery", at: book.clock.at };
  const { person, site } = await setUp(book.db, iris);
  expect([person.name, site]).toEqual(["Iris", undefined]);

  await expect(setUp(book.db, { ...iris, email: "eve@example.test" })).rejects.toThrow(
    "Sitebook is already set up. Sign in, or ask an administrator for an invitation.",
  );
});

test("many simultaneous set-ups at the command line create one account, too", async () => {
  const person = { name: "Iris", password: "correct horse battery", at: book.clock.at };
  const race = ["a", "b", "c", "d", "e", "f"].map((name) =>
    setUp(book.db, { ...person, email: `${name}@example.test` }),
  );
  expect((await Promise.allSettled(race)).filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await people()).toHaveLength(1);
});

test("a person with an account but no site can create the first one", async () => {
  const { person } = await setUp(book.db, {
    name: "Iris",
    email: "i@example.test",
    password: "correct horse",
    at: book.clock.at,
  });
  const iris = book.visitor(person);
  expect((await iris.get("/")).headers.get("location")).toBe("/sites");
  expect(await (await iris.get("/sites")).text()).toContain("There is no site yet.");

  const board = await iris.submit("/sites", { "site.name": "Café & Bar", "site.slug": "", "site.time_zone": "UTC" });
  expect(board.status).toBe(200);
  expect((await iris.get("/")).headers.get("location")).toBe("/sites/cafe-bar");
});

test("before there is an account, the sign-in page says what to do", async () => {
  expect(await (await book.visitor().get("/sign-in")).text()).toContain(
    "open the link to /setup that Sitebook printed",
  );
});

test("a link for one purpose does not work for another", async () => {
  const { person } = await setUp(book.db, {
    name: "Iris",
    email: "i@example.test",
    password: "correct horse",
    at: book.clock.at,
  });
  const reset = await newLink(book.db, "reset", person.id, book.clock.at);
  expect((await book.visitor().get(`/invitation?link=${reset}`)).status).toBe(403);
  expect((await book.visitor().get(`/reset?link=${reset}`)).status).toBe(200);
});
