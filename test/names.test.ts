import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { setOwner } from "../src/artifacts/owners.ts";
import { changeEnvironment } from "../src/environments/changes.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { changeName } from "../src/people/account.ts";
import { machine } from "./support/api.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const page = async (path: string, name: "vera" | "ada" = "vera") => (await w.as(name).get(`/sites/shop${path}`)).text();

const json = async (path: string) => (await (await machine(w, "viewer")).get(`/sites/shop${path}`)).body;

const rename = async (name: "theo" | "ada", to: string) => changeName(w.db, w.people[name], to, w.clock.at);

const renamings = async () =>
  (await w.db.selectFrom("events").select("details").where("action", "=", "person_renamed").orderBy("seq").execute())
    .map(({ details }) => JSON.parse(details))
    .map(({ name, before }) => ({ name, before }));

/** A page that Theo approved for demo on 3 March, and that was called so then. */
async function approvedByTheo() {
  await w.record("beta", ["/sale v1"]);
  const { number } = await w.release("Spring", ["/sale"]);
  await w.promote(number, "demo");
}

describe("a person who is renamed", () => {
  beforeEach(async () => {
    w.clock.at = "2026-03-03T10:00:00.000Z";
    await approvedByTheo();
    w.clock.at = "2026-03-04T10:00:00.000Z";
    const answer = await w.as("theo").submit("/account/name", { name: " Theo Brandt " });
    expect(await answer.text()).toContain("Name changed.");
  });

  test.each([
    ["on the promotion that they approved", "/promotions/1"],
    ["on the page's history", "/artifacts/page?key=/sale"],
    ["on the environment at a moment", "/environments/demo?as_of=2026-03-03T12:00"],
  ])("is called as then, with the name of now beside it, %s", async (_where, path) => {
    expect(await page(path)).toContain('<bdi>Theo</bdi> <span class="ago">(now called <bdi>Theo Brandt</bdi>)</span>');
  });

  test("is called as then by the API and in exports, also of what they approve later", async () => {
    await w.record("beta", ["/terms v1"]);
    await w.promote((await w.release("Terms", ["/terms"])).number, "demo");

    const { items } = await json("/environments/demo/placements");
    expect(items.map((item: { approved_by: { person: string }[] }) => item.approved_by[0]?.person)).toEqual([
      "Theo",
      "Theo Brandt",
    ]);
    const csv = await page("/environments/demo/export.csv");
    expect(csv).toMatch(/\/sale,.*"Theo, tester, 2026/);
    expect(csv).toMatch(/\/terms,.*"Theo Brandt, tester, 2026/);
    expect((await json("/promotions/1")).approvals[0].person).toBe("Theo");
    expect(await page("/promotions/2")).not.toContain("now called");
  });

  test("is named in an event of each site in which they have a role or did something, and in no other", async () => {
    const history = await page("/history");
    expect(history).toContain("<bdi>Theo Brandt</bdi> changed their name, which was <bdi>Theo</bdi> before.");
    expect(history).toContain('<bdi>Theo</bdi> <span class="ago">(now called <bdi>Theo Brandt</bdi>)</span> approved');
    expect(await renamings()).toEqual([{ name: "Theo Brandt", before: "Theo" }]);
    expect(await w.db.selectFrom("former_names").select(["of_id", "name"]).execute()).toEqual([
      { of_id: w.people.theo.id, name: "Theo" },
    ]);
  });

  test("is understood by a former name in a question, unless another is called so now", async () => {
    const answer = async () => page("/search?q=what+did+Theo+approve");
    await rename("theo", "Marcus Brandt");
    expect(await answer()).toContain("Approved by <bdi>Marcus Brandt</bdi>");
    await changeName(w.db, w.people.mara, "Theo Vance", w.clock.at);
    expect(await answer()).toContain("<bdi>Theo Vance</bdi> has not approved anything");
  });

  test("is checked by verify, and restored by a rebuild", async () => {
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
    await rebuild(w.db, w.site.id);
    expect(await page("/promotions/1")).toContain("now called <bdi>Theo Brandt</bdi>");
    await w.db.updateTable("people").set({ name: "Marcus" }).where("id", "=", w.people.theo.id).execute();
    expect(await verify(w.db, w.site.id)).toHaveProperty(
      "break.what",
      expect.stringContaining('names its person "Theo Brandt", which is "Marcus" in the database.'),
    );
  });

  test("and again, keeps each name of then", async () => {
    await rename("theo", "Theodor");
    await rename("theo", "Theo");
    expect(await page("/promotions/1")).not.toContain("now called");
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
    expect(await renamings()).toEqual([
      { name: "Theo Brandt", before: "Theo" },
      { name: "Theodor", before: "Theo Brandt" },
      { name: "Theo", before: "Theodor" },
    ]);
  });

  test("to the same name leaves no event; to no name is refused", async () => {
    await rename("theo", "Theo Brandt");
    const refused = await w.as("theo").submit("/account/name", { name: " " });
    expect(await refused.text()).toContain("Enter a name.");
    expect(await renamings()).toHaveLength(1);
  });
});

describe("two people of a site with one name", () => {
  const [theo, mara] = ["Theo (theo@example.test)", "Theo (mara@example.test)"];
  beforeEach(async () => {
    await changeName(w.db, w.people.mara, "Theo", w.clock.at);
    await approvedByTheo();
    const owned = { of: { kind: "page", key: "/sale" }, owner: w.people.mara.id } as const;
    await setOwner(w.db, await w.by("ada"), w.site, owned);
  });

  test("are told apart by their e-mail addresses where one can be selected", async () => {
    const history = await page("/history");
    const ada = await page("/artifacts/page?key=/sale", "ada");
    for (const option of [`>${theo}</option>`, `>${mara}</option>`]) {
      expect(history).toContain(option);
      expect(ada).toContain(option);
    }
  });

  test.each([
    ["on a promotion", "/promotions/1", [`<bdi>${theo}</bdi> (<bdi>Tester</bdi>)`]],
    ["on a page, with its owner", "/artifacts/page?key=/sale", [`<bdi>${theo}</bdi>`, `<b><bdi>${mara}</bdi></b>`]],
    ["on the board", "", [`approved by ${theo}, tester`, `<bdi>${mara}</bdi>`]],
    ["on an environment", "/environments/demo", [`<bdi>${theo}</bdi>`]],
    ["in the history", "/history", [`<bdi>${theo}</bdi> approved`, `made <bdi>${mara}</bdi> the owner of`]],
    ["in an answer", "/search?q=who+approved+/sale+on+demo", [`<bdi>${theo}</bdi>`]],
    ["in exports", "/environments/demo/export.csv", [`"${theo}, tester,`]],
    ["in an export of the history", "/history/export.csv", [`,${theo},promotion_approved,`, `made ${mara} the owner`]],
  ])("are told apart %s", async (_where, path, texts) => {
    const text = await page(path);
    for (const words of texts) expect(text).toContain(words);
  });

  test("are told apart by the API", async () => {
    const { items } = await json("/environments/demo/placements");
    expect(items[0].approved_by[0].person).toBe(theo);
    expect((await json("/promotions/1")).approvals[0].person).toBe(theo);
  });

  test("are told apart once one of them is gone from the site, too", async () => {
    await w.db.deleteFrom("memberships").where("person_id", "=", w.people.theo.id).execute();
    expect(await page("/promotions/1")).toContain(`<bdi>${theo}</bdi>`);
    expect(await page("/artifacts/page?key=/sale")).toContain(`<b><bdi>${mara}</bdi></b>`);
  });

  test("are not told apart from people of other sites, and keep their names in events", async () => {
    await changeName(w.db, w.people.oskar, "Ada", w.clock.at);
    expect(await page("/history")).toContain("<bdi>Ada</bdi> created");
    const { items } = await json("/events");
    const approved = items.find(({ entry }: { entry: { action: string } }) => entry.action === "promotion_approved");
    expect(approved.entry.details.person).toBe("Theo");
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });
});

test("a request that came before its person was renamed is recorded with the new name", async () => {
  const cleo = await w.by("cleo");
  await changeName(w.db, cleo.person, "Cleopatra", w.clock.at);
  await w.record("beta", ["/sale v1"]);
  expect(await page("/history")).toContain("<bdi>Cleopatra</bdi> recorded");
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
});

describe("an environment that is renamed", () => {
  beforeEach(async () => {
    w.clock.at = "2026-03-03T10:00:00.000Z";
    await approvedByTheo();
    await w.record("beta", ["/sale v2"]);
    await w.ask((await w.release("Summer", ["/sale"])).number, "demo");
    w.clock.at = "2026-03-04T10:00:00.000Z";
    const demo = environmentOf(w.site, "demo");
    await changeEnvironment(w.db, await w.by("iris"), w.site, demo, { name: "Staging" });
  });

  test("is called as then on a promotion that ended, and as now on an open one", async () => {
    const past = await page("/promotions/1");
    expect(past).toContain("<bdi>demo</bdi> is now called <bdi>Staging</bdi>");
    expect(past).toContain("Approvals for demo");
    const open = await page("/promotions/2");
    expect(open).toContain("Approvals for Staging");
    expect(open).not.toContain("is now called");
  });

  test("is called as then on its deployments and on the history of a page", async () => {
    const name = '<bdi>demo</bdi></span> <span class="ago">(now called <bdi>Staging</bdi>)</span>';
    expect(await page("/artifacts/page?key=/sale")).toContain(name);
    expect(await page("/deployments/2")).toContain('<span class="ago">(now called <bdi>Staging</bdi>)</span>');
  });

  test("is called as then in a comparison with the past", async () => {
    const compared = await page("/compare?from=demo%402026-03-03T12:00:00Z&to=demo");
    expect(compared).toMatch(/What differs: <bdi>demo<\/bdi> on [^<]* and <bdi>Staging<\/bdi> now/);
    expect(compared).toContain("<bdi>demo</bdi> is now called <bdi>Staging</bdi>.");
  });

  test("is called as then in the answer to where a page was, and as now in the answer to where it is", async () => {
    const question = async (text: string) => page(`/search?q=${encodeURIComponent(text)}`);
    const demoThen = '<bdi>demo</bdi></span> <span class="ago">(now called <bdi>Staging</bdi>)</span>';
    expect(await question("where was /sale on 3 March 14:00")).toContain(demoThen);
    expect(await question("who approved /sale on demo on 3 March 14:00")).toContain(demoThen);
    const now = await question("where is /sale");
    expect(now).toContain("<bdi>Staging</bdi>");
    expect(now).not.toContain("now called");
  });

  test("is listed in the order of then in the answer to where a page was", async () => {
    await w.as("ada").post("/sites/shop/promotions/2/cancellation", { reason: "Later" });
    await changeEnvironment(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), { before: "demo" });
    w.clock.at = "2026-03-05T10:00:00.000Z";
    const order = async (text: string) =>
      [
        ...(await page(`/search?q=${encodeURIComponent(text)}`)).matchAll(
          /<li>.*? on <span class="env"[^>]*><bdi>(\w+)/g,
        ),
      ].map(([, name]) => name);
    expect(await order("where was /sale on 3 March 14:00")).toEqual(["beta", "demo", "live"]);
    expect(await order("where is /sale")).toEqual(["beta", "live", "Staging"]);
  });

  test("is understood by its former name in a question, unless another is called so now", async () => {
    const lead = async (text: string) =>
      /<section class="answer".*?<p class="lead">(.*?)<\/p>/s.exec(
        await page(`/search?q=${encodeURIComponent(text)}`),
      )?.[1];
    const staging = environmentOf(w.site, "demo");
    await changeEnvironment(w.db, await w.by("iris"), w.site, staging, { name: "Preview" });
    for (const name of ["Staging", "Preview", "demo"])
      expect(await lead(`who approved /sale on ${name} in March`), name).toContain("Theo");
    const beta = environmentOf(w.site, "beta");
    await changeEnvironment(w.db, await w.by("iris"), w.site, beta, { name: "Staging" });
    expect(await lead("who approved /sale on Staging")).toContain("No approval is needed on <bdi>Staging</bdi>.");
  });

  test("has its present name beside promotions that ended, in the inbox and on their releases", async () => {
    const words = "<bdi>demo</bdi> is now called <bdi>Staging</bdi>";
    expect(await page("/approvals?show=done")).toContain(words);
    expect(await page("/releases/1")).toContain(words);
    expect(await page("/releases/2")).not.toContain(words);
    const beta = environmentOf(w.site, "beta");
    await changeEnvironment(w.db, await w.by("iris"), w.site, beta, { name: "Workshop" });
    const frozen = '<bdi>beta</bdi></span> <span class="ago">(now called <bdi>Workshop</bdi>)</span> on ';
    expect(await page("/releases/1")).toContain(frozen);
    expect(await page("/releases/1")).toContain('<bdi>beta</bdi></a> <span class="ago">(now called');
  });

  test("keeps its former name through verify and rebuild", async () => {
    const names = () => w.db.selectFrom("former_names").selectAll().execute();
    const before = await names();
    expect(before).toMatchObject([{ of_id: environmentOf(w.site, "demo").id, name: "demo", until: w.clock.at }]);
    await rebuild(w.db, w.site.id);
    expect(await names()).toEqual(before);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });
});
