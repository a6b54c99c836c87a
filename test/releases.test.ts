import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decide } from "../src/promotions/promotions.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const form = (fields: Record<string, string | string[]>) => ({
  name: "Spring",
  notes: "",
  from: "beta",
  to: "demo",
  key: crypto.randomUUID(),
  ...fields,
});

const releases = () => w.db.selectFrom("releases").selectAll().orderBy("number").execute();
const contents = async () => {
  const rows = await w.db
    .selectFrom("release_contents as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.key", "v.label"])
    .orderBy("a.key")
    .execute();
  return Object.fromEntries(rows.map((row) => [row.key, row.label]));
};
const eventsOf = (action: string) => w.db.selectFrom("events").selectAll().where("action", "=", action).execute();
const idOf = async (key: string) =>
  (await w.db.selectFrom("artifacts").select("id").where("key", "=", key).executeTakeFirstOrThrow()).id;

/** The checkboxes of the form by their values, and whether they are ticked. */
function boxes(page: string) {
  const matches = page.matchAll(/name="line" value="([^"]*)"( checked)?/g);
  return Object.fromEntries([...matches].map(([, value, checked]) => [value, Boolean(checked)]));
}

describe("creating a release", () => {
  test("of everything that differs between two environments shows it first, then freezes what was shown", async () => {
    await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await w.record("beta", ["/ v2", "-/sale", "/new v1"]);

    const page = await (await w.as("ada").get("/sites/shop/releases/new?from=beta&to=demo")).text();
    expect(boxes(page)).toEqual({ "page / v2": true, "page /new v1": true, "page /sale": true });
    expect(await releases()).toHaveLength(1);

    const lines = Object.keys(boxes(page));
    const answer = await w.as("ada").submit("/sites/shop/releases", form({ name: "Spring, first week", line: lines }));
    const text = await answer.text();
    expect(text).toContain("Release 2 created.");
    expect(text).toContain("Spring, first week");
    expect(text).toContain("3 pages, frozen as");
    expect(await releases()).toMatchObject([{ name: "Before" }, { name: "Spring, first week", number: 2 }]);
    expect(await eventsOf("release_made")).toHaveLength(2);
  });

  test("says that nothing was ever recorded for the environment to compare with, not that nothing is there", async () => {
    await w.record("beta", ["/ v1", "/sale v1"]);
    const { number } = await w.release("Before", ["/"]);
    const read = async (path: string) => words(await (await w.as("ada").get(`/sites/shop/releases/${path}`)).text());
    const choose = await idOf("/sale");
    const selected = async () =>
      words(await (await w.as("ada").post("/sites/shop/releases/new", { from: "beta", to: "demo", choose })).text());

    expect(await selected()).toContain("/sale v1 never recorded");
    expect(await read(String(number))).toContain("/ v1 same never recorded never recorded");
    expect(await selected()).not.toContain("not deployed");

    await w.promote(number, "demo");
    expect(await read("new?from=beta&to=demo")).toContain("/sale v1 not deployed");
    expect(await read(String((await w.release("Sale", ["/sale"])).number))).toContain(
      "/sale v1 same not deployed never recorded",
    );
  });

  test("of rows selected on the board shows what else differs, to be included too", async () => {
    await w.record("beta", ["/ v1", "/sale v1", "/sale/shoes v1"]);

    const page = await (
      await w.as("ada").post("/sites/shop/releases/new", { from: "beta", choose: [await idOf("/sale")] })
    ).text();

    expect(page).toContain("Not included");
    expect(page).toContain("also differs from demo");
    expect(boxes(page)).toEqual({ "page /sale v1": true, "page / v1": false, "page /sale/shoes v1": false });
    expect(await releases()).toEqual([]);
  });

  test("leaves out selected rows that were never recorded in the environment, and says so", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.record("live", ["/only-there v1"]);

    const choose = [await idOf("/sale"), await idOf("/only-there"), "no-such-id"];
    const page = await (await w.as("ada").post("/sites/shop/releases/new", { from: "beta", choose })).text();

    expect(page).toContain("Left out: 2 selected rows never recorded on beta.");
    expect(boxes(page)).toEqual({ "page /sale v1": true });
  });

  test("includes only the lines that stay ticked: 7 of 12 are promoted, 5 are not", async () => {
    const pages = Array.from({ length: 12 }, (_, i) => `/sale/${i + 10}`);
    await w.record(
      "beta",
      pages.map((key) => `${key} v1`),
    );

    const part = pages.slice(0, 7).map((key) => `page ${key} v1`);
    await w.as("ada").submit("/sites/shop/releases", form({ line: part }));
    await w.promote(1, "demo");

    expect(Object.keys(await contents())).toEqual(pages.slice(0, 7));
    const rest = await (await w.as("ada").get("/sites/shop/releases/new?from=beta&to=demo")).text();
    expect(Object.keys(boxes(rest))).toEqual(pages.slice(7).map((key) => `page ${key} v1`));
  });

  test("is refused if a line has changed since the form was opened, which then shows the current version", async () => {
    await w.record("beta", ["/ v1", "/sale v1"]);
    await w.record("beta", ["/sale v2"]);

    const answer = await w
      .as("ada")
      .post("/sites/shop/releases", form({ line: ["page /sale v1"], notes: "Two weeks" }));
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toContain("beta has changed in 1 line since you opened this page.");
    expect(page).toContain("beta has /sale v2, not v1.");
    expect(page).toContain("Two weeks");
    expect(boxes(page)).toEqual({ "page /sale v2": true, "page / v1": false });
    expect(await releases()).toEqual([]);
    expect(await eventsOf("release_made")).toEqual([]);
  });

  test.each([
    ["without a name", { name: " ", line: ["page /sale v1"] }, "Enter a name."],
    ["without lines", { line: [] }, "Select at least one page or software item."],
    ["with the same line twice", { line: ["page /sale v1", "page /sale v1"] }, "/sale is listed twice."],
    ["with a line of something unknown", { line: ["page /nowhere v1"] }, "/nowhere was never recorded on beta."],
    ["with a line that cannot be read", { line: ["nonsense"] }, "was never recorded on beta."],
    ["with a name of 201 characters", { name: "x".repeat(201), line: ["page /sale v1"] }, "at most 200 characters"],
  ])("%s is refused, and the form keeps what was typed", async (_, fields, sentence) => {
    await w.record("beta", ["/sale v1"]);

    const answer = await w.as("ada").post("/sites/shop/releases", form({ notes: "Kept as typed", ...fields }));
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toContain(sentence);
    expect(page).toContain("Kept as typed");
    expect(await releases()).toEqual([]);
  });

  test("twice with the same form creates one", async () => {
    await w.record("beta", ["/sale v1"]);
    const same = form({ line: ["page /sale v1"] });

    const first = await w.as("ada").post("/sites/shop/releases", same);
    const second = await w.as("ada").post("/sites/shop/releases", same);

    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(await releases()).toHaveLength(1);
    expect(await eventsOf("release_made")).toHaveLength(1);
  });

  test("from demo to live works too", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.promote((await w.release("To demo")).number, "demo");

    const page = await (await w.as("ada").get("/sites/shop/releases/new?from=demo")).text();
    expect(page).toContain("On live now");
    await w.as("ada").submit("/sites/shop/releases", form({ from: "demo", to: "live", line: ["page /sale v1"] }));

    expect((await releases()).map((one) => one.environment_id)[1]).toBe(w.site.environments[1]?.id);
  });

  test("shows a sentence instead of an empty form if there is nothing to release", async () => {
    const same = await (await w.as("ada").get("/sites/shop/releases/new?from=beta&to=demo")).text();
    expect(same).toContain("Nothing to release: beta has nothing that is not already on demo.");
    const last = await (await w.as("ada").get("/sites/shop/releases/new?from=live")).text();
    expect(last).toContain("live is the last environment, so there is nowhere to release to.");
    expect(last).not.toContain("A frozen snapshot of these versions");
  });

  test.each([
    ["vera", 403],
    ["cleo", 403],
    ["mara", 403],
    ["oskar", 404],
  ] as const)("as %s is refused with %i", async (name, status) => {
    await w.record("beta", ["/sale v1"]);
    expect((await w.as(name).get("/sites/shop/releases/new")).status).toBe(status);
    const answer = await w.as(name).post("/sites/shop/releases", form({ line: ["page /sale v1"] }));
    expect(answer.status).toBe(status);
    if (status === 403) expect(await answer.text()).toContain("You may not create releases on this site.");
    expect(await releases()).toEqual([]);
  });

  test("between unknown environments is not found", async () => {
    expect((await w.as("ada").get("/sites/shop/releases/new?from=nowhere")).status).toBe(404);
    expect((await w.as("ada").get("/sites/shop/releases/new?from=beta&to=nowhere")).status).toBe(404);
    expect((await w.as("ada").post("/sites/shop/releases", form({ from: "nowhere", line: [] }))).status).toBe(404);
  });
});

describe("a release", () => {
  test("keeps its versions when beta moves on, and shows what each environment has now", async () => {
    await w.record("beta", ["/sale v1", "checkout 3.4.1", "/old v9"]);
    await w.record("beta", ["-/old"]);
    const { number, digest } = await w.release("Spring", ["/sale", "checkout", "/old"]);
    await w.record("beta", ["/sale v2"]);

    const page = await (await w.as("vera").get(`/sites/shop/releases/${number}`)).text();

    expect(await contents()).toEqual({ "/old": null, "/sale": "v1", checkout: "3.4.1" });
    expect(page).toContain("2 pages and 1 software item, frozen as");
    expect(page).toContain(`<span class="none">removal</span>`);
    expect(page).toMatch(
      /data-label="Version"><bdi class="version">v1<\/bdi><\/td><td data-label="beta"><bdi class="version">v2</,
    );
    expect(page).toContain(digest.slice(0, 4));
    expect(page).toContain("No promotion requested yet.");
  });

  test("shows its progress through the environments", async () => {
    await w.record("beta", ["/sale v1"]);
    const { number } = await w.release("Spring");
    await w.promote(number, "demo");
    await w.ask(number, "live");

    const page = await (await w.as("vera").get(`/sites/shop/releases/${number}`)).text();

    expect(page).toContain("Promotion 1, went to <bdi>demo</bdi>");
    expect(page).toContain("waiting for Marketing");
    expect(page).not.toContain("Request promotion");
  });

  test("shows people who may promote it what blocks each environment now", async () => {
    await w.record("beta", ["/sale v1"]);
    const { number } = await w.release("Spring");
    await w.promote(number, "demo");
    await w.record("demo", ["/sale v0"]);

    const page = await (await w.as("ada").get(`/sites/shop/releases/${number}`)).text();

    expect(page).toContain("Needs approval by Marketing.");
    expect(page).toContain("Can’t be completed yet:");
    expect(page).toContain("The release has /sale v1, but demo now has v0.");
  });

  test("shows names with markup in them as text", async () => {
    await w.record("beta", ["/sale v1"]);
    await w
      .as("ada")
      .post(
        "/sites/shop/releases",
        form({ name: "<b>Big</b> & 'small'", notes: "<script>x</script>", line: ["page /sale v1"] }),
      );

    const page = await (await w.as("vera").get("/sites/shop/releases/1")).text();

    expect(page).toContain("&lt;b&gt;Big&lt;/b&gt; &amp;");
    expect(page).not.toContain("<script>x");
  });

  test("with very many lines is shown in parts", async () => {
    const keys = Array.from({ length: 205 }, (_, i) => `/p/${1000 + i}`);
    await w.record(
      "beta",
      keys.map((key) => `${key} v1`),
    );
    const { number } = await w.release("All");

    const first = await (await w.as("vera").get(`/sites/shop/releases/${number}`)).text();
    expect(first).toContain("/p/1199");
    expect(first).not.toContain("/p/1200");
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1] ?? "";
    const second = await (await w.as("vera").get(next)).text();
    expect(second).toContain("/p/1200");
    expect(second).toContain("/p/1204");
    expect(second).not.toContain("/p/1199");
  });

  test.each(["999", "abc", "0", "1e3"])("%s is not found", async (number) => {
    expect((await w.as("ada").get(`/sites/shop/releases/${number}`)).status).toBe(404);
  });
});

describe("the list of releases", () => {
  test("is newest first, fifty at a time, each with its progress", async () => {
    await w.record("beta", ["/sale v1", "checkout 3.4.1"]);
    for (let i = 1; i <= 52; i++) await w.release(`Release of week ${i}`, ["/sale", "checkout"]);
    await w.promote(52, "demo");
    await w.ask(52, "live");

    const first = await (await w.as("vera").get("/sites/shop/releases")).text();
    expect(first.indexOf("Release of week 52")).toBeLessThan(first.indexOf("Release of week 51"));
    expect(first).not.toContain("Release of week 2<");
    expect(first).toContain("1 page and 1 software item");
    expect(first).toContain("waiting for Marketing");
    expect(first).not.toContain("New release");

    const second = await (await w.as("vera").get("/sites/shop/releases?before=3")).text();
    expect(second).toContain("Release of week 2<");
    expect(second).toContain("Release of week 1<");
    expect(second).not.toContain("Older");
  });

  test("says how to create the first one", async () => {
    const page = await (await w.as("ada").get("/sites/shop/releases")).text();
    expect(page).toContain("No releases yet.");
    expect(page).toContain("/sites/shop/releases/new");
  });
});

test("the pages of releases say that a promotion is blocked, and why", async () => {
  await w.record("beta", ["/sale v1", "/about v1"]);
  const sale = await w.release("Sale", ["/sale"]);
  const about = await w.release("About", ["/about"]);
  await w.ask(sale.number, "demo");
  const { number, digest } = await w.ask(about.number, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  const list = async () => words(await (await w.as("vera").get("/sites/shop/releases")).text());
  expect(await list()).toContain("waiting for Tester");
  expect(await list()).not.toContain("blocked");

  await w.record("beta", ["/sale v2", "-/about"]);

  expect(await list()).toMatch(/2, About.* approved, but blocked .*1, Sale.* blocked/);
  expect(await list()).not.toContain("waiting for Tester");
  const page = await (await w.as("vera").get("/sites/shop/releases/1")).text();
  expect(page).toMatch(/<a class="is blocked"[^>]*href="\/sites\/shop\/promotions\/1">blocked/);
  expect(page).toContain("The release has /sale v1, but beta now has v2.");
  await w.record("beta", ["/sale v1"]);
  expect(await list()).toMatch(/1, Sale.* waiting for Tester/);
});

test("what a machine created is marked as a machine's, in the list, on the release, in a page's history and by the API", async () => {
  const token = await w.token("account-manager");
  const line = { kind: "page", key: "/by-machine", version: "v1" };
  await token.post("/sites/shop/environments/beta/deployments", { placements: [line] });
  expect((await token.post("/sites/shop/releases", { name: "Nightly", contents: [line] })).status).toBe(201);
  const name = "<bdi>account-manager token</bdi> (machine)";
  const { items } = (await (await token.get("/sites/shop/releases")).json()) as { items: { number: number }[] };
  const number = items[0]?.number;
  expect(items[0]).toMatchObject({ name: "Nightly", person: "account-manager token", person_kind: "machine" });
  for (const path of ["releases", `releases/${number}`, "artifacts/page?key=/by-machine", "search?q=Nightly"])
    expect(await (await w.as("vera").get(`/sites/shop/${path}`)).text(), path).toContain(name);
});
