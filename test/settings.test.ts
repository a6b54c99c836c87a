import { afterEach, beforeEach, expect, test } from "vitest";
import { gateDefaults } from "../src/access/gates.ts";
import { createEnvironment } from "../src/environments/environments.ts";
import { gateSentence } from "../src/gates/sentences.ts";
import { slugFrom } from "../src/text.ts";
import { type World, world } from "./support/world.ts";

let w: World;

beforeEach(async () => {
  w = await world();
});

afterEach(() => w.close());

const settings = "/sites/shop/settings";

const events = async () =>
  (
    await w.db
      .selectFrom("events")
      .select(["action", "subject"])
      .where("recorded_at", ">=", "2026-03-03")
      .orderBy("seq")
      .execute()
  ).map(({ action, subject }) => `${action} ${subject}`);

test("an administrator changes the site's name and time zone", async () => {
  expect(await (await w.as("iris").get(settings)).text()).toContain('value="Europe/London"');
  const page = await w.as("iris").submit(settings, { name: "Fennel & Daughters", time_zone: "Asia/Kolkata" });
  expect(await page.text()).toMatch(/Fennel &amp; Daughters<\/bdi> · times in Asia\/Kolkata/);
  await w.as("iris").submit(settings, { name: "Fennel & Daughters", time_zone: "Asia/Kolkata" });
  expect(await events()).toEqual(["site_changed site shop"]);
});

test("an invalid name and time zone of a site are refused beside their fields", async () => {
  const page = await w.as("iris").post(settings, { name: "a\nb", time_zone: "Mars/Olympus" });
  expect(page.status).toBe(422);
  const text = await page.text();
  expect(text).toContain("A name cannot contain control characters or line breaks.");
  expect(text).toContain("&quot;Mars/Olympus&quot; is not a time zone. Enter one like Europe/London.");
  expect(await events()).toEqual([]);
});

test("each environment is shown with its servers and its gate in words", async () => {
  const text = await (await w.as("iris").get(`${settings}/environments`)).text();
  expect(text).toContain("https://demo.shop.example");
  expect(text).toContain("Needs 1 approval from Tester; the requester’s own approval does not count.");
  expect(text).toContain("No approval needed: anyone who may record deployments can record them here.");
});

test("a gate reads as a sentence", () => {
  const gate = (requirements: { role: string; count: number }[], asker_may_approve = false) =>
    gateSentence({ ...gateDefaults, requirements, asker_may_approve }, { tester: "Tester", marketing: "Marketing" });
  const [tester, marketing] = [
    { role: "tester", count: 2 },
    { role: "marketing", count: 1 },
  ];
  expect(gate([tester], true)).toBe("Needs 2 approvals from Tester; the requester may approve, too.");
  expect(gate([tester, marketing])).toBe(
    "Needs 2 approvals from Tester and 1 from Marketing; the requester’s own approval does not count.",
  );
});

test("a new environment is added as the last one, with the gate of its tier", async () => {
  const form = { name: "Press preview", slug: "", tier: "staging", key: "once" };
  const page = await w.as("iris").submit(`${settings}/environments`, form);
  const text = await page.text();
  expect(text).toContain("Press preview added as the last environment.");
  expect(text).toContain("Needs 1 approval from Tester; the requester’s own approval does not count.");
  const environments = await w.db
    .selectFrom("environments")
    .select("slug")
    .where("site_id", "=", w.site.id)
    .orderBy("position")
    .execute();
  expect(environments.map(({ slug }) => slug)).toEqual(["beta", "demo", "live", "press-preview"]);
  expect(await events()).toEqual(["environment_added environment press-preview"]);
});

test("two simultaneous requests with the same short name create one environment", async () => {
  const iris = await w.by("iris");
  const results = await Promise.allSettled([1, 2].map(() => createEnvironment(w.db, iris, w.site, { slug: "press" })));
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await events()).toEqual(["environment_added environment press"]);
});

test.each([
  [{ name: "" }, "Enter a name."],
  [{ slug: "Über" }, "A short name has 1 to 40 lower-case letters"],
  [{ slug: "demo" }, "This site already has an environment demo."],
  [{ tier: "moon" }, "The tier must be one of development, testing, staging, production, other."],
  [{ name: "x".repeat(201) }, "A name can have at most 200 characters; this one has 201."],
])("an environment with %j is refused beside its field", async (wrong, sentence) => {
  const page = await w
    .as("iris")
    .post(`${settings}/environments`, { name: "Preview", slug: "preview", tier: "other", ...wrong });
  expect(page.status).toBe(422);
  expect(await page.text()).toContain(sentence);
  expect(await events()).toEqual([]);
});

test("an environment with neither a name nor a short name only needs a name", async () => {
  const page = await w.as("iris").post(`${settings}/environments`, { name: "", slug: "", tier: "other" });
  const text = await page.text();
  expect(text).toContain("Enter a name.");
  expect(text).not.toContain("A short name has");
});

test("an administrator renames an environment; its short name, and so its address, stays", async () => {
  const page = await w.as("iris").submit(`${settings}/environments/demo/name`, { name: "Showroom <b>" });
  expect(await page.text()).toContain("Showroom &lt;b&gt;");
  expect(await events()).toEqual(["environment_changed environment demo"]);
  expect((await w.as("iris").post(`${settings}/environments/demo/name`, { name: "" })).status).toBe(422);
  expect((await w.as("iris").post(`${settings}/environments/nowhere/name`, { name: "X" })).status).toBe(404);
});

test("an administrator adds and removes a server, once each however often the form is sent", async () => {
  const beta = `${settings}/environments/beta`;
  const server = { server: "web 2", base_url: "https://beta2.shop.example/", key: "once" };
  for (let i = 0; i < 2; i++) expect((await w.as("iris").post(`${beta}/servers`, server)).status).toBe(303);
  const [row] = await w.db.selectFrom("servers").selectAll().where("name", "=", "web 2").execute();
  expect(row?.base_url).toBe("https://beta2.shop.example");

  expect(await (await w.as("iris").submit(`${beta}/servers/${row?.id}/removal`)).text()).toContain("Server removed.");
  expect((await w.as("iris").post(`${beta}/servers/${row?.id}/removal`)).status).toBe(404);
  expect(await events()).toEqual(["server_added server web 2", "server_removed server web 2"]);
});

test.each([
  [{ server: "web" }, "beta already has a server web."],
  [{ server: "" }, "Enter a name."],
  [{ base_url: "javascript:alert(1)" }, "A server&#39;s address must start with http:// or https://"],
  [{ base_url: "https://user:secret@host" }, "A server&#39;s address must start with"],
  [{ base_url: "https://host/?q=1" }, "A server&#39;s address must start with"],
  [{ base_url: "https://ho\u0000st" }, "A server&#39;s address must start with"],
  [{ base_url: "" }, "A server&#39;s address must start with"],
])("a server with %j is refused beside its field", async (wrong, sentence) => {
  const page = await w
    .as("iris")
    .post(`${settings}/environments/beta/servers`, { server: "new", base_url: "https://new.example", ...wrong });
  expect(page.status).toBe(422);
  expect(await page.text()).toContain(sentence);
  expect(await events()).toEqual([]);
});

test("the settings are for administrators; an outsider gets a 404", async () => {
  const pages = ["", "/environments", "/environments/demo", "/people", "/tokens"];
  for (const page of pages) {
    expect((await w.as("iris").get(settings + page)).status).toBe(200);
    const refused = await w.as("ada").get(settings + page);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("You may not change the settings on this site.");
    expect((await w.as("oskar").get(settings + page)).status).toBe(404);
    expect((await w.as("nobody").get(settings + page)).status).toBe(303);
  }
  for (const path of ["", "/environments", "/environments/beta/name", "/environments/beta/servers"]) {
    expect((await w.as("ada").post(settings + path, { name: "X" })).status).toBe(403);
    expect((await w.as("oskar").post(settings + path, { name: "X" })).status).toBe(404);
  }
  expect(await events()).toEqual([]);
});

test("an administrator creates another site; others only see theirs", async () => {
  const form = { "site.name": "Fennel Blog", "site.slug": "", "site.time_zone": "UTC", key: "once" };
  expect(await (await w.as("ada").get("/sites")).text()).not.toContain("New site");
  const refused = await w.as("ada").post("/sites", form);
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain("You may not create sites.");

  const answers = [await w.as("iris").post("/sites", form), await w.as("iris").post("/sites", form)];
  expect(answers.map((answer) => answer.headers.get("location"))).toEqual(["/sites/fennel-blog", "/sites/fennel-blog"]);
  expect((await w.as("iris").get("/")).headers.get("location")).toBe("/sites");
  expect(await (await w.as("iris").get("/sites")).text()).toMatch(/Fennel Blog.*Account manager, Administrator/s);
  expect((await w.as("ada").get("/sites/fennel-blog")).status).toBe(404);
  const taken = await w.as("iris").post("/sites", { ...form, key: "another" });
  expect(taken.status).toBe(422);
  expect(await taken.text()).toContain("There is already a site fennel-blog. Enter another short name.");
});

test("a short name is derived from a name", () => {
  expect(slugFrom("Fennel & Co")).toBe("fennel-co");
  expect(slugFrom("  Café – Bar  ")).toBe("cafe-bar");
  expect(slugFrom("日本")).toBe("");
  expect(slugFrom(`${"x".repeat(39)} yz`)).toBe("x".repeat(39));
});
