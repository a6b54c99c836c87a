import { afterEach, beforeEach, expect, test } from "vitest";
import { hashPassword, matchesPassword } from "../src/people/passwords.ts";
import { changeRoles } from "../src/people/people.ts";
import { type Name, password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const settings = "/sites/shop/settings/people";
const lena = { name: "Lena", email: "Lena@Example.test", roles: ["tester", "contributor"] };
const newPassword = { password: "a new password", again: "a new password" };

/** The path of the link that a page shows once. */
async function linkOn(page: Response): Promise<string> {
  const [, path = ""] =
    /http:\/\/sitebook\.test(\/(?:invitation|reset)\?link=[\w-]{43})</.exec(await page.text()) ?? [];
  return path;
}

const secretOf = (path: string) => path.split("link=")[1] ?? "";
const rolesOf = async (id: string) =>
  (await w.db.selectFrom("memberships").select("role").where("person_id", "=", id).orderBy("role").execute()).map(
    ({ role }) => role,
  );
const events = async () =>
  (await w.db.selectFrom("events").select(["action", "subject"]).orderBy("recorded_at").orderBy("seq").execute())
    .filter(({ action }) => !/^(site|environment|server)_/.test(action))
    .map(({ action, subject }) => `${action} ${subject}`);
const hours = (n: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + n * 3_600_000).toISOString();
};

test("a person who is invited sets a password and is signed in", async () => {
  const page = await w.as("iris").post(settings, lena);
  expect(page.status).toBe(201);
  const link = await linkOn(page);

  const browser = w.as("nobody");
  expect(await (await browser.get(link)).text()).toContain("Welcome, Lena");
  const answer = await browser.submit("/invitation", { link: secretOf(link), ...newPassword });
  expect(answer.headers.get("location")).toBe("/sites/shop");
  expect(await (await browser.get("/sites/shop")).text()).toContain("Your password is saved, and you are signed in.");
  const again = w.as("nobody");
  expect((await again.post("/sign-in", { email: "lena@example.test", ...newPassword })).status).toBe(303);

  const person = await w.db
    .selectFrom("people")
    .selectAll()
    .where("email", "=", "lena@example.test")
    .executeTakeFirst();
  expect(await rolesOf(person?.id ?? "")).toEqual(["contributor", "tester"]);
  expect(await events()).toEqual(["person_invited person Lena"]);
  expect(JSON.stringify(await w.db.selectFrom("events").select("details").execute())).not.toMatch(/lena@/i);
});

test("before they set a password, people are shown as invited and cannot sign in", async () => {
  const page = await w.as("iris").post(settings, lena);
  expect((await w.as("nobody").post("/sign-in", { email: lena.email, password: "" })).status).toBe(401);
  expect(await (await w.as("iris").get(settings)).text()).toMatch(/Lena.*invited/s);
  expect(await linkOn(page)).not.toBe("");
});

test("an invitation works once, and for seven days", async () => {
  const link = await linkOn(await w.as("iris").post(settings, lena));
  const use = () => w.as("nobody").post("/invitation", { link: secretOf(link), ...newPassword });
  expect((await use()).status).toBe(303);
  const late = await use();
  expect(late.status).toBe(403);
  expect(await late.text()).toContain("This link has been used or has expired.");
  expect((await w.as("nobody").get(link)).status).toBe(403);

  const other = await linkOn(await w.as("iris").post(settings, { ...lena, email: "other@example.test" }));
  hours(7 * 24);
  expect((await w.as("nobody").post("/invitation", { link: secretOf(other), ...newPassword })).status).toBe(403);
});

test("of two requests that use a link at the same moment, one succeeds", async () => {
  const link = await linkOn(await w.as("iris").post(settings, lena));
  const passwords = ["the first password", "the second password"];
  const answers = await Promise.all(
    passwords.map((password) =>
      w.as("nobody").post("/invitation", { link: secretOf(link), password, again: password }),
    ),
  );
  expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([303, 403]);
});

test("a person who is invited and already has an account just gets the roles, and keeps the name", async () => {
  const page = await w
    .as("iris")
    .submit(settings, { name: "Somebody", email: "oskar@example.test", roles: ["tester"] });
  expect(await page.text()).toContain("Oskar already has an account, and is now Tester here.");
  expect(await (await w.as("oskar").get("/sites/shop")).text()).toContain("Fennel");
  expect(await events()).toEqual(["role_given person Oskar"]);

  await w.as("iris").submit(settings, { name: "Somebody", email: "oskar@example.test", roles: ["tester"] });
  expect(await events()).toHaveLength(1);
});

test("a wrong invitation is refused beside its fields, and nothing is created", async () => {
  const page = await w.as("iris").post(settings, { name: "\u0007", email: "no address", roles: ["king"] });
  const text = await page.text();
  expect(page.status).toBe(422);
  expect(text).toContain("A name cannot contain control characters or line breaks.");
  expect(text).toContain("Enter an e-mail address like ada@example.com.");
  expect(text).toContain("There is no role &quot;king&quot;");
  expect(await (await w.as("iris").post(settings, { ...lena, roles: [] })).text()).toContain(
    "Select at least one role.",
  );
  expect(await (await w.as("iris").post(settings, { ...lena, name: "x".repeat(201) })).text()).toContain(
    "A name can have at most 200 characters; this one has 201.",
  );
  expect(await (await w.as("iris").post(settings, { ...lena, email: `${"x".repeat(250)}@a.test` })).text()).toContain(
    "An e-mail address can have at most 254 characters; this one has 257.",
  );
  expect(await events()).toEqual([]);
});

test("several people are invited at once, one per line, and each gets a link", async () => {
  const people = [
    "Lena Ott, Lena@Example.test, Tester, contributor",
    "",
    "Max Roth <max@example.test>; MARKETING",
    "Somebody else\tada@example.test\tviewer",
  ].join("\n");
  const page = await w.as("iris").post(`${settings}/several`, { people });
  expect(page.status).toBe(201);
  const text = await page.text();
  const links = [...text.matchAll(/\/invitation\?link=([\w-]{43})</g)].map(([, secret = ""]) => secret);
  expect(links).toHaveLength(2);
  expect(text).toContain("Ada already has an account, and these roles here.");
  const welcome = await (await w.as("nobody").get(`/invitation?link=${links[1]}`)).text();
  expect(welcome).toContain("Welcome, Max Roth");
  expect(await events()).toEqual([
    "person_invited person Lena Ott",
    "person_invited person Max Roth",
    "role_given person Ada",
  ]);
  const lena = await w.db.selectFrom("people").select("id").where("email", "=", "lena@example.test").executeTakeFirst();
  expect(await rolesOf(lena?.id ?? "")).toEqual(["contributor", "tester"]);
});

test("several invitations with a wrong line are refused with its number, and nobody is invited", async () => {
  const people = [
    "Lena, lena@example.test, tester",
    "max@example.test, king",
    "Max, max@example.test",
    "Max, MAX@example.test, viewer",
    "no address, viewer",
  ];
  const page = await w.as("iris").post(`${settings}/several`, { people: people.join("\n") });
  expect(page.status).toBe(422);
  const text = await page.text();
  for (const sentence of [
    "Line 2: Select at least one role.",
    "Line 3: Select at least one role.",
    "Line 4: this is the e-mail address of line 3. Put all roles on one line.",
    "Line 5: Enter an e-mail address.",
    "Lena, lena@example.test, tester",
  ])
    expect(text).toContain(sentence);
  const invite = async (name: Name, people: string) => w.as(name).post(`${settings}/several`, { people });
  expect(await (await invite("iris", "Max, max@example.test, king, of hearts")).text()).toContain("There is no role");
  expect(await (await invite("iris", " \n")).text()).toContain("List at least one person, one per line.");
  expect((await invite("ada", "Max, max@example.test, viewer")).status).toBe(403);
  expect((await invite("oskar", "Max, max@example.test, viewer")).status).toBe(404);
  expect(await events()).toEqual([]);
});

test("an approver with one promotion to decide begins on it, with several in the inbox, with none on the board", async () => {
  await w.record("beta", ["/sale v1", "/terms v1"]);
  await w.release("Sale", ["/sale"]);
  await w.release("Terms", ["/terms"]);
  const start = async () => (await w.as("theo").get("/")).headers.get("location");
  expect(await start()).toBe("/sites/shop");
  await w.ask(1, "demo");
  expect(await start()).toBe("/sites/shop/promotions/1");
  await w.ask(2, "demo");
  expect(await start()).toBe("/sites/shop/approvals");
});

test("HTML and SQL in a name are shown as text", async () => {
  const name = `<script>alert("1")</script>'; drop table people; --`;
  await w.as("iris").post(settings, { ...lena, name });
  const text = await (await w.as("iris").get(settings)).text();
  expect(text).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;; drop table people; --");
  expect(text).not.toContain("<script>alert");
});

test("an administrator gives and removes roles", async () => {
  const vera = `${settings}/${w.people.vera.id}`;
  expect(await (await w.as("iris").get(vera)).text()).toMatch(/value="viewer" checked/);
  const page = await w.as("iris").submit(`${vera}/roles`, { roles: ["contributor", "tester"] });
  expect(await page.text()).toContain("Vera is now Contributor and Tester here.");
  expect(await rolesOf(w.people.vera.id)).toEqual(["contributor", "tester"]);
  expect(await events()).toEqual(["role_taken person Vera", "role_given person Vera", "role_given person Vera"]);

  await w.as("iris").post(`${vera}/roles`, { roles: ["contributor", "tester"] });
  expect(await events()).toHaveLength(3);
});

test("a person without any role can no longer see the site, nor use an old invitation", async () => {
  await w.as("iris").post(`${settings}/${w.people.vera.id}/removal`);
  expect((await w.as("vera").get("/sites/shop")).status).toBe(404);
  expect((await w.as("vera").get("/")).headers.get("location")).toBe("/sites");
  expect(await (await w.as("vera").get("/sites")).text()).toContain("You have no role on any site.");

  const link = await linkOn(await w.as("iris").post(settings, lena));
  const { id = "" } =
    (await w.db.selectFrom("people").select("id").where("email", "=", "lena@example.test").executeTakeFirst()) ?? {};
  await w.as("iris").post(`${settings}/${id}/removal`);
  expect((await w.as("nobody").get(link)).status).toBe(403);
});

test("the role of the last administrator cannot be removed", async () => {
  const iris = `${settings}/${w.people.iris.id}/roles`;
  const page = await w.as("iris").post(iris, { roles: ["viewer"] });
  expect(page.status).toBe(409);
  expect(await page.text()).toContain(
    "Iris is the last administrator of this site who can sign in. Make somebody else an administrator first.",
  );

  // a person who did not use the invitation, and a token, do not count
  await w.as("iris").post(settings, { ...lena, roles: ["administrator"] });
  await w.token("administrator");
  expect((await w.as("iris").post(`${settings}/${w.people.iris.id}/removal`)).status).toBe(409);
  expect(await rolesOf(w.people.iris.id)).toEqual(["administrator"]);

  await w.as("iris").post(`${settings}/${w.people.ada.id}/roles`, { roles: ["administrator"] });
  const answer = await w.as("iris").post(iris, { roles: ["viewer"] });
  expect(answer.headers.get("location")).toBe("/");
  expect((await w.as("iris").get(settings)).status).toBe(403);
});

test("of two administrators who remove each other's role at the same moment, one stays", async () => {
  await w.as("iris").post(`${settings}/${w.people.ada.id}/roles`, { roles: ["administrator"] });
  const [iris, ada] = [await w.by("iris"), await w.by("ada")];
  const results = await Promise.allSettled([
    changeRoles(w.db, iris, w.site, w.people.ada.id, ["viewer"]),
    changeRoles(w.db, ada, w.site, w.people.iris.id, ["viewer"]),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const left = await w.db
    .selectFrom("memberships")
    .select("person_id")
    .where("role", "=", "administrator")
    .where("site_id", "=", w.site.id)
    .execute();
  expect(left).toHaveLength(1);
});

test("a forgotten password: an administrator creates a reset link, and using it ends the old sessions", async () => {
  const theo = w.as("theo");
  await theo.get("/sites/shop");
  for (let i = 0; i < 5; i++) await w.as("nobody").post("/sign-in", { email: "theo@example.test", password: "guess" });
  const page = await w.as("iris").post(`${settings}/${w.people.theo.id}/link`);
  expect(page.status).toBe(201);
  const link = await linkOn(page);
  expect(link).toMatch(/^\/reset/);
  expect((await theo.get("/sites/shop")).status).toBe(200);

  const browser = w.as("nobody");
  await browser.submit("/reset", { link: secretOf(link), ...newPassword });
  expect((await browser.get("/sites/shop")).status).toBe(200);
  expect((await theo.get("/sites/shop")).status).toBe(303);
  const signIn = (text: string) => w.as("nobody").post("/sign-in", { email: "theo@example.test", password: text });
  expect((await signIn(password)).status).toBe(401);
  expect((await signIn(newPassword.password)).status).toBe(303);
  expect(await events()).toEqual(["password_reset person Theo"]);
});

test("a password-reset link works for a day, and only the newest one does", async () => {
  const create = async () => linkOn(await w.as("iris").post(`${settings}/${w.people.theo.id}/link`));
  const [first, second] = [await create(), await create()];
  expect((await w.as("nobody").get(first)).status).toBe(403);
  expect((await w.as("nobody").get(second)).status).toBe(200);
  hours(24);
  expect((await w.as("nobody").get(second)).status).toBe(403);
});

test("an administrator cannot reset the password of a person who also has a role on another site", async () => {
  await w.as("oskar").post("/sites/elsewhere/settings/people", {
    name: "Iris",
    email: "iris@example.test",
    roles: ["viewer"],
  });
  const page = `/sites/elsewhere/settings/people/${w.people.iris.id}`;
  const sentence =
    "Iris also has a role on a site that you do not administer, and a new password would give access to that one, too.";
  expect(await (await w.as("oskar").get(page)).text()).toContain(sentence);
  const refused = await w.as("oskar").post(`${page}/link`);
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain(sentence);

  // nor by inviting a person who has not used an earlier invitation
  await w.as("iris").post(settings, lena);
  const elsewhere = "/sites/elsewhere/settings/people";
  const only = "Lena is also invited to another site, so the link is not shown here. No mail server is set up";
  const several = await w.as("oskar").submit(`${elsewhere}/several`, { people: "Lena, lena@example.test, viewer" });
  const invited = await w.as("oskar").submit(elsewhere, { ...lena, roles: ["viewer"] });
  for (const page of [await several.text(), await invited.text()]) {
    expect(page).toContain(only);
    expect(page).not.toContain("link=");
  }
});

test("a link that the administrator of another site knows does not give access to a site that is joined later", async () => {
  const elsewhere = "/sites/elsewhere/settings/people";
  const first = await linkOn(await w.as("oskar").post(elsewhere, { ...lena, roles: ["viewer"] }));
  await w.as("iris").post(settings, lena);
  expect((await w.as("nobody").post("/invitation", { link: secretOf(first), ...newPassword })).status).toBe(403);

  await w.as("oskar").post(elsewhere, { name: "Max", email: "max@example.test", roles: ["viewer"] });
  const { id } = await w.db
    .selectFrom("people")
    .select("id")
    .where("email", "=", "max@example.test")
    .executeTakeFirstOrThrow();
  await w.db.updateTable("people").set({ password: "has one" }).where("id", "=", id).execute();
  const reset = await linkOn(await w.as("oskar").post(`${elsewhere}/${id}/link`));
  await w.as("iris").post(settings, { ...lena, email: "max@example.test" });
  expect((await w.as("nobody").post("/reset", { link: secretOf(reset), ...newPassword })).status).toBe(403);
});

test("an administrator cannot reset their own password", async () => {
  const page = await w.as("iris").post(`${settings}/${w.people.iris.id}/link`);
  expect(page.status).toBe(409);
  expect(await page.text()).toContain("Change your own password under Account.");
});

test.each([["vera"], ["ada"]] as const)("%s may not see or change people", async (name: Name) => {
  const page = await w.as(name).get(settings);
  expect(page.status).toBe(403);
  expect(await page.text()).toContain("You may not change the settings on this site.");
  expect((await w.as(name).post(settings, lena)).status).toBe(403);
  expect((await w.as(name).post(`${settings}/${w.people.vera.id}/roles`, { roles: ["administrator"] })).status).toBe(
    403,
  );
  expect((await w.as(name).post(`${settings}/${w.people.iris.id}/link`)).status).toBe(403);
  expect(await events()).toEqual([]);
});

test("an outsider gets a 404, and so does an administrator who asks for a person of another site", async () => {
  expect((await w.as("oskar").get(settings)).status).toBe(404);
  expect((await w.as("oskar").post(settings, lena)).status).toBe(404);
  for (const id of [w.people.oskar.id, "00000000-0000-7000-8000-000000000000", "x"]) {
    expect((await w.as("iris").get(`${settings}/${id}`)).status).toBe(404);
    expect((await w.as("iris").post(`${settings}/${id}/roles`, { roles: ["viewer"] })).status).toBe(404);
    expect((await w.as("iris").post(`${settings}/${id}/link`)).status).toBe(404);
  }
  expect(await rolesOf(w.people.oskar.id)).toEqual(["administrator"]);
});

test("people change their own name; existing history entries keep the earlier one", async () => {
  await w.record("beta", ["/ v1"]);
  const page = await w.as("cleo").submit("/account/name", { name: "Cleopatra" });
  expect(await page.text()).toContain("Name changed.");
  expect(await (await w.as("iris").get(settings)).text()).toContain("Cleopatra");
  const [event] = await w.db
    .selectFrom("events")
    .select("details")
    .where("action", "=", "deployment_recorded")
    .execute();
  expect(event?.details).toContain('"person":"Cleo"');
  expect(await (await w.as("cleo").post("/account/name", { name: "" })).text()).toContain("Enter a name.");
});

test("changing the password needs the current one, and signs out all other browsers", async () => {
  const [browser, other] = [w.as("cleo"), w.as("cleo")];
  await other.get("/sites/shop");
  const wrong = await browser.post("/account/password", { current: "no", ...newPassword });
  expect(wrong.status).toBe(422);
  expect(await wrong.text()).toContain("This is not your current password. Four more tries in the next 15 minutes.");
  const form = { current: password, password: newPassword.password, again: "x" };
  const different = await browser.post("/account/password", form);
  expect(await different.text()).toContain("This is different from the password above.");

  const page = await browser.submit("/account/password", { current: password, ...newPassword });
  expect(await page.text()).toContain("Password changed.");
  expect((await other.get("/sites/shop")).status).toBe(303);
  for (let i = 0; i < 5; i++) await browser.post("/account/password", { current: "no", ...newPassword });
  const locked = await browser.post("/account/password", { current: newPassword.password, ...newPassword });
  expect([locked.status, locked.headers.get("retry-after")]).toEqual([429, "900"]);
});

test("signing out everywhere also ends the sessions of other browsers", async () => {
  const [browser, other] = [w.as("cleo"), w.as("cleo")];
  await other.get("/sites/shop");
  const page = await browser.submit("/sign-out", { everywhere: "1" });
  expect(await page.text()).toContain("You are signed out everywhere.");
  expect((await other.get("/sites/shop")).status).toBe(303);
});

test("the account page needs a signed-in person, and shows their roles", async () => {
  expect((await w.as("nobody").get("/account")).headers.get("location")).toBe("/sign-in?next=%2Faccount");
  expect((await w.as("nobody").post("/account/name", { name: "X" })).status).toBe(303);
  expect(await (await w.as("cleo").get("/account")).text()).toMatch(/cleo@example\.test.*Contributor/s);
});

test("a password is stored as an argon2id hash, which matches no other password", async () => {
  const stored = await hashPassword("correct horse");
  expect(await hashPassword("correct horse")).not.toBe(stored);
  expect(await matchesPassword("correct horse", stored)).toBe(true);
  expect(await matchesPassword("correct horsf", stored)).toBe(false);
  expect(await matchesPassword("", null)).toBe(false);
  expect(await matchesPassword("Ame\u0301lie", await hashPassword("Am\u00e9lie"))).toBe(true);
});

test("help and the account page have the header of the site that the reader came from", async () => {
  // what updates it while the page is open depends on what else the page shows
  const header = async (path: string, name: Name | "nobody" = "cleo") =>
    /<header class="masthead">.*?<\/header>/s
      .exec(await (await w.as(name).get(path)).text())?.[0]
      .replace(/(?<=&amp;rail=)\w+/, "");
  const board = (await header("/sites/shop")) ?? "";
  expect(board).toContain('href="/account?site=shop"');
  for (const path of ["/help?site=shop", "/account?site=shop", "/help", "/account", "/account?site=elsewhere"])
    expect(await header(path), path).toBe(board.replace(' aria-current="page"', ""));
  expect(await header("/help", "nobody")).not.toContain("Inbox");
  expect(await header("/help?site=shop", "oskar"), "his own site").toContain('href="/sites/elsewhere/approvals"');
});

test("after changing the name, the account page still has the header of that site", async () => {
  const response = await w.as("cleo").post("/account/name?site=shop", { name: "Cleopatra" });
  expect(response.headers.get("location")).toBe("/account?site=shop");
});
