import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordDeployment } from "../src/deployments/record.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { createRelease } from "../src/releases/releases.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { environmentOf, lineOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const record = async (environment: string, line: string, title?: string, effective_at?: string) =>
  recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), {
    effective_at,
    placements: [{ ...lineOf(line), title }],
  });

const page = async (path: string) => (await w.as("mara").get(`/sites/shop${path}`)).text();

const json = async (path: string) => (await (await machine(w, "viewer")).get(`/sites/shop${path}`)).body;

const titleOn = async (environment: string) =>
  (await json(`/environments/${environment}/placements`)).items.map(({ title }: { title: string | null }) => title);

const titles = async () =>
  Object.fromEntries(
    (await w.db.selectFrom("versions").select(["label", "title"]).execute()).map(({ label, title }) => [label, title]),
  );

describe("a title that is recorded for a new version on beta does not rename the page", () => {
  beforeEach(async () => {
    w.clock.at = "2026-03-01T10:00:00.000Z";
    await record("beta", "/sale v1", "Winter sale");
    const release = await w.release("Winter", ["/sale"]);
    await w.promote(release.number, "demo");
    await w.promote(release.number, "live");
    w.clock.at = "2026-03-03T10:00:00.000Z";
    await record("beta", "/sale v2", "Spring sale");
    await w.ask((await w.release("Spring", ["/sale"])).number, "demo");
    w.clock.at = "2026-03-03T11:00:00.000Z";
    await record("beta", "/sale v3", "Summer sale");
  });

  test("on live, now and in the past, and in its export", async () => {
    expect(await titleOn("beta")).toEqual(["Summer sale"]);
    expect(await titleOn("live")).toEqual(["Winter sale"]);
    expect(await page("/environments/live")).toContain("Winter sale");
    expect(await page("/environments/live")).not.toContain("Summer sale");
    const past = await page("/environments/beta?as_of=2026-03-03T10:30:00Z");
    expect(past).toContain(
      '<bdi class="title">Spring sale</bdi> <span class="ago">(now called <bdi>Summer sale</bdi>)',
    );
    expect(await page("/environments/live/export.csv")).toContain("/sale,Winter sale,v1");
  });

  test("on the board, which calls it by its title on live and shows another one in its cell", async () => {
    const board = await page("");
    expect(board).toContain('<bdi class="title">Winter sale</bdi></th>');
    expect(board).toContain("“Summer sale”");
    expect((await json("/artifacts")).items[0].title).toBe("Winter sale");
    expect(await page("/search?q=summer")).toContain('<bdi class="title">Winter sale</bdi>');
  });

  test("in a comparison, which shows the other title beside its version", async () => {
    const compared = await page("/compare?from=beta&to=live");
    expect(compared).toContain('<bdi class="title">Winter sale</bdi>');
    expect(compared).toContain('<bdi class="title">“Summer sale”</bdi>');
    const past = await page("/compare?from=beta%402026-03-03T10:30:00Z&to=live");
    expect(past).toContain("“Spring sale”");
    expect(past).not.toContain("Summer sale");
  });

  test("in what the search answers, also about the past", async () => {
    const where = await page("/search?q=where+is+/sale");
    expect(where).toContain('<bdi class="title">Winter sale</bdi>');
    expect(where).toContain("“Summer sale”");
    expect(await page("/search?q=who+approved+/sale+on+beta")).toContain('<bdi class="title">Summer sale</bdi>');
    w.clock.at = "2026-03-06T10:00:00.000Z";
    await record("live", "/sale v4", "Sale of the century");
    const past = await page("/search?q=where+was+/sale+on+4+March");
    expect(past).toMatch(/As of .*<bdi class="title">Winter sale<\/bdi><\/p>/);
  });

  test("in what is to be approved, in what was approved, and in their releases", async () => {
    const promotion = await page("/promotions/3");
    expect(promotion).toContain("<h3><bdi>Spring sale</bdi></h3>");
    expect(promotion).not.toContain("Summer sale");
    expect(await page("/promotions/2")).toContain("<h3><bdi>Winter sale</bdi></h3>");
    expect((await json("/releases/1")).contents[0].title).toBe("Winter sale");
    expect((await json("/releases/2")).contents[0].title).toBe("Spring sale");
  });

  test("in a promotion that ended, with what the page is called there now", async () => {
    await record("live", "/sale v1.1", "Clearance");
    expect(await page("/promotions/2")).toContain(
      '<bdi>Winter sale</bdi></h3> <span class="ago">(now called <bdi>Clearance</bdi>)</span>',
    );
    expect(await page("/promotions/1")).not.toContain("now called");
  });

  test("in its history and its deployments", async () => {
    const { items } = await json("/artifacts/page/history?key=/sale");
    expect(items.map((item: { environment: string; title: string }) => `${item.environment} ${item.title}`)).toEqual([
      "beta Summer sale",
      "beta Spring sale",
      "live Winter sale",
      "demo Winter sale",
      "beta Winter sale",
    ]);
    expect((await json("/deployments/3")).placements[0].title).toBe("Winter sale");
    expect(await page("/deployments/1")).toContain("Winter sale");
  });

  test("and a reviewer is shown that the title changes", async () => {
    const release = await createRelease(w.db, await w.by("ada"), w.site, {
      name: "Summer",
      from: "beta",
      contents: [{ kind: "page", key: "/sale", version: "v3" }],
    });
    const { number } = await w.ask(release.number, "demo");
    expect(await page(`/promotions/${number}`)).toContain("until now “<bdi>Winter sale</bdi>”");
  });
});

test("a removed page has the title that it had", async () => {
  await record("beta", "/sale v1", "Winter sale");
  const release = await w.release("Winter", ["/sale"]);
  await w.promote(release.number, "demo");
  await record("beta", "/sale v2", "Spring sale");
  await record("beta", "-/sale");
  const removal = await w.release("Removal", ["/sale"]);
  const { number } = await w.ask(removal.number, "demo");

  expect(await page(`/promotions/${number}`)).toContain("<h3><bdi>Winter sale</bdi></h3>");
  expect((await json(`/releases/${removal.number}`)).contents[0].title).toBe("Spring sale");
  expect((await json("/deployments/4")).placements[0].title).toBe("Spring sale");
});

test("a new version without a title has the one of the version that it follows in its environment", async () => {
  await record("live", "/sale v1", "Winter sale", "2026-02-01T00:00:00.000Z");
  await record("beta", "/sale v2", "Spring sale", "2026-02-02T00:00:00.000Z");
  await record("beta", "/sale v3", undefined, "2026-02-03T00:00:00.000Z");
  await record("live", "/sale v1.1", undefined, "2026-02-04T00:00:00.000Z");
  await record("live", "/sale v1.0.1", undefined, "2026-02-01T12:00:00.000Z");
  await record("demo", "/sale v2.1");

  expect(await titles()).toEqual({
    v1: "Winter sale",
    v2: "Spring sale",
    v3: "Spring sale",
    "v1.1": "Winter sale",
    "v1.0.1": "Winter sale",
    // nothing was on demo: the latest title of the page
    "v2.1": "Spring sale",
  });
});

test("a title can be recorded later for a version without one, and is kept from then on", async () => {
  await record("beta", "/sale v1");
  expect(await titles()).toEqual({ v1: null });
  await record("beta", "/sale v1", "Winter sale");
  expect(await titles()).toEqual({ v1: "Winter sale" });
  await record("live", "/sale v1", "Something else");
  expect(await titles()).toEqual({ v1: "Winter sale" });
  expect(await titleOn("live")).toEqual(["Winter sale"]);
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
});

describe("a version that is reported again with another title", () => {
  const kept = "1 version keeps the title that was first recorded for it.";
  beforeEach(async () => {
    await record("beta", "/sale v1", "Winter sale");
  });

  test("keeps its title, as the preview says, and the notice after it was recorded", async () => {
    const fields = {
      environment: "beta",
      when: "",
      lines: "kind,key,version,title\npage,/sale,v1,Sale\npage,/new,v9,New\n",
    };
    const preview = await (await w.as("cleo").post("/sites/shop/deployments/new", fields)).text();
    expect(preview).toContain(kept);
    const recorded = await (await w.as("cleo").submit("/sites/shop/deployments", { ...fields, key: "k" })).text();
    expect(recorded).toContain(kept);
    expect(await titles()).toEqual(expect.objectContaining({ v1: "Winter sale" }));
  });

  test("keeps it, as the API and the command line say", async () => {
    const line = { kind: "page", key: "/sale", version: "v1" };
    const send = async (title: string) => {
      const api = await machine(w, "contributor");
      return (await api.post("/sites/shop/environments/beta/deployments", { placements: [{ ...line, title }] })).body;
    };
    expect(await send("Sale")).toMatchObject({ changed: 0, unchanged: 1, titles_kept: 1 });
    expect(await send("Winter sale")).not.toHaveProperty("titles_kept");
    const sitebook = await commandLineMachine(w, "contributor");
    const csv = "kind,key,version,title\npage,/sale,v1,Sale\n";
    const { code, out } = await sitebook(["record", "beta"], { stdin: csv });
    expect({ code, out }).toEqual({ code: 0, out: `Deployment 4 on beta: 0 changed, 1 unchanged. ${kept}\n` });
  });
});

test.each([
  ["changed", "v1", "Free gold"],
  ["removed", "v1", null],
  ["added", "v2", "Free gold"],
])("a title that was %s in the database is found, and rebuilt from the events", async (_how, label, title) => {
  await record("beta", "/sale v1", "Winter sale");
  await record("beta", "/terms v2");
  const before = await titles();
  await w.db.updateTable("versions").set({ title }).where("label", "=", label).execute();

  expect(await verify(w.db, w.site.id)).toHaveProperty("break.what", expect.stringMatching(/title/));
  await rebuild(w.db, w.site.id);
  expect(await titles()).toEqual(before);
});

test("the preview of a deployment shows the titles of the list, and else those of what is there", async () => {
  await record("beta", "/old v1", "Old news");
  await record("beta", "/sale v1", "Sale");
  const lines = "path,version,title\n/sale,v2,Summer sale\n/new,v1,New here";
  const form = { environment: "beta", lines, complete: "1", key: crypto.randomUUID() };
  const preview = await (await w.as("cleo").post("/sites/shop/deployments/new", form)).text();
  const shown = [...preview.matchAll(/<th scope="row"><bdi>([^<]*)<\/bdi> <bdi class="title">([^<]*)</g)];
  expect(shown.map(([, key, title]) => `${key} ${title}`)).toEqual([
    "/sale Summer sale",
    "/new New here",
    "/old Old news",
  ]);
});
