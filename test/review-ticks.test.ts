import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../src/database/ids.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import type { ReportLine } from "../src/record/report.ts";
import { environmentOf, lineOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const path = (more = "") => `/sites/shop/promotions/2${more}`;
const read = async (name: Name, more = "") => (await w.as(name).get(path(more))).text();
const idOf = async (key: string) =>
  (await w.db.selectFrom("artifacts").select("id").where("key", "=", key).executeTakeFirstOrThrow()).id;
const ticks = (page: string) =>
  [...page.matchAll(/name="looked" value="[^"]*"( checked)?><span>Reviewed<span class="sr"> ([^<]*)/g)]
    .filter(([, checked]) => checked)
    .map(([, , name]) => name);

async function recordLines(environment: string, lines: (Partial<ReportLine> & { line: string })[]) {
  const placements = lines.map(({ line, ...more }) => ({ ...lineOf(line), ...more }));
  return recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), { placements });
}

/** Promotion 2: two pages new on demo, one changed, one removed, with software they need; one page is on demo already. */
async function blackFriday() {
  await w.record("beta", ["/ v1", "/about v1", "/sale/last-chance v2", "catalogue 4.1.7"]);
  await w.promote((await w.release("Before")).number, "demo");
  await recordLines("beta", [
    { line: "/ v2", title: "Home", notes: "New banner and three offers." },
    { line: "/sale/black-friday v1", title: "Black Friday", requires: { catalogue: "^4.2.0" } },
    { line: "/größen v1" },
    { line: "-/sale/last-chance" },
    { line: "catalogue 4.2.0" },
  ]);
  const keys = ["/", "/about", "/sale/black-friday", "/größen", "/sale/last-chance", "catalogue"];
  const { number } = await w.release("Black Friday, first week", keys);
  await w
    .as("ada")
    .post("/sites/shop/promotions", { release: String(number), to: "demo", note: "Please by Sunday", key: "k" });
}

/** The text of a page, without its markup. */
const words = (page: string) =>
  page
    .replace(/<\/?bdi>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

describe("the approval page", () => {
  test("begins with one plain sentence, and whose approval is missing", async () => {
    await blackFriday();

    const page = words(await read("theo"));

    expect(page).toContain("Black Friday, first week");
    expect(page).toContain(
      "2 new pages and 1 changed will go to demo, with 1 software item they need. 1 page will be removed from demo. Waiting for you. You have reviewed 0 of 4.",
    );
    expect(page).toContain("Please by Sunday");
    expect(words(await read("vera"))).toContain("Waiting for Tester.");
  });

  test("says that pages go live if customers will see them", async () => {
    await blackFriday();
    const { digest } = await w.db
      .selectFrom("promotions")
      .select("digest")
      .where("number", "=", 2)
      .executeTakeFirstOrThrow();
    await w.as("theo").post(path("/approvals"), { decision: "approve", digest, anyway: "1" });
    await w.as("ada").post(path("/completion"), {});
    await w.ask(2, "live");

    const page = words(await (await w.as("mara").get("/sites/shop/promotions/3")).text());

    expect(page).toContain("4 new pages will go live, with 1 software item they need. Waiting for you.");
    expect(page).toMatch(/On its way here, approved for demo by Theo \(Tester\)/);
    expect(page).toContain("Approvals for live");
  });

  test("lists what is new, changed and removed, each with links to open it", async () => {
    await blackFriday();
    const page = await read("theo");

    expect(words(page)).toMatch(
      /New 2 pages, on demo for the first time \/größen .*Black Friday .*Changed 1 page, replaces what demo has now .*Home \/ New banner and three offers\..*Removed 1 page, no longer on demo .*last-chance/,
    );
    expect(page).toContain(
      'href="https://beta.shop.example/sale/black-friday" target="_blank" rel="noopener">Open on beta',
    );
    expect(page).toContain('href="https://beta.shop.example/gr%C3%B6%C3%9Fen"');
    expect(page).toContain('href="https://beta.shop.example/"');
    expect(page).toContain('href="https://demo.shop.example/"');
    expect(page).toContain('href="https://demo.shop.example/sale/last-chance"');
    expect(page).not.toContain('href="https://beta.shop.example/sale/last-chance"');
    expect(page).not.toContain('href="https://demo.shop.example/sale/black-friday"');
    expect(page).toContain("Also in the release: 1 page already on demo, unchanged.");
  });

  test("lists the software below, with its version before and after, and what needs it", async () => {
    await blackFriday();
    expect(words(await read("theo"))).toMatch(
      /Software included 1 software item .* catalogue 4\.1\.7 4\.2\.0 \/sale\/black-friday/,
    );
  });

  test("links to each server of an environment, and to none if it has none", async () => {
    const demo = environmentOf(w.site, "demo").id;
    await w.db
      .insertInto("servers")
      .values({ id: newId(), environment_id: demo, name: "web-2", base_url: "https://demo2.shop.example/shop" })
      .execute();
    await w.db.deleteFrom("servers").where("environment_id", "=", environmentOf(w.site, "beta").id).execute();
    await blackFriday();

    const page = await read("theo");

    expect(page).toMatch(/href="https:\/\/demo\.shop\.example\/"[^>]*>Open on demo, web</);
    expect(page).toMatch(/href="https:\/\/demo2\.shop\.example\/shop\/"[^>]*>Open on demo, web-2</);
    expect(page).not.toContain("Open on beta");
  });

  test("shows the software unfolded if no page changes", async () => {
    await w.record("beta", ["/about v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await w.record("beta", ["checkout 3.4.1"]);
    await w.ask((await w.release("Checkout")).number, "demo");

    const page = await read("theo");

    expect(words(page)).toContain("1 software item will go to demo. Waiting for you.");
    expect(page).toMatch(/<details class="fold" open><summary>Software included/);
    expect(words(page)).not.toContain("reviewed");
  });

  test("says that pages will be removed if nothing else changes", async () => {
    await w.record("beta", ["/old v1", "/older v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await w.record("beta", ["-/old", "-/older"]);
    await w.ask((await w.release("Away")).number, "demo");
    expect(words(await read("theo"))).toContain("2 pages will be removed from demo. Waiting for you.");
  });

  test("shows titles, notes and paths with markup in them as text", async () => {
    await w.record("beta", ["/about v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await recordLines("beta", [{ line: `/<b>"x" v1`, title: "<i>T</i>", notes: "<script>n</script>" }]);
    await w.ask((await w.release("Odd")).number, "demo");

    const page = await read("theo");

    expect(page).toContain("&lt;i&gt;T&lt;/i&gt;");
    expect(page).toContain('href="https://beta.shop.example/%3Cb%3E%22x%22"');
    expect(page).not.toContain("<script>n");
  });
});

describe("review ticks", () => {
  test("are saved for the person who made them", async () => {
    await blackFriday();
    const shown = [await idOf("/"), await idOf("/größen")];

    const page = await (await w.as("theo").submit(path("/looks"), { shown, looked: [await idOf("/")] })).text();

    expect(ticks(page)).toEqual(["Home"]);
    expect(page).toMatch(/id="reviewed" data-announce="1 of 4 reviewed">You have reviewed 1 of 4\./);
    expect(ticks(await read("vera"))).toEqual([]);
    expect(words(await (await w.as("theo").get("/sites/shop/approvals")).text())).toContain(
      "You have reviewed 1 of 4.",
    );
  });

  test("can be removed, while pages that were not shown keep theirs", async () => {
    await blackFriday();
    const [home, sizes] = [await idOf("/"), await idOf("/größen")];
    await w.as("theo").post(path("/looks"), { shown: [home, sizes], looked: [home, sizes] });

    await w.as("theo").post(path("/looks"), { shown: [home] });

    expect(ticks(await read("theo"))).toEqual(["/größen"]);
  });

  test("are saved by approving too, and by a refused rejection", async () => {
    await blackFriday();
    const digest = /name="digest" value="(\w+)"/.exec(await read("theo"))?.[1] ?? "";
    const home = await idOf("/");

    const refused = await w
      .as("theo")
      .post(path("/approvals"), { decision: "reject", digest, shown: home, looked: home });
    expect(refused.status).toBe(422);
    expect(ticks(await refused.text())).toEqual(["Home"]);

    const sizes = await idOf("/größen");
    await w.as("theo").post(path("/approvals"), {
      decision: "approve",
      digest,
      anyway: "1",
      shown: [home, sizes],
      looked: [home, sizes],
    });
    expect(await w.db.selectFrom("looks").selectAll().execute()).toHaveLength(2);
  });

  test("of pages outside the promotion, or of a closed promotion, are ignored", async () => {
    await blackFriday();
    await w.record("beta", ["/elsewhere v1"]);
    await w.as("theo").post(path("/looks"), { looked: [await idOf("/elsewhere"), "nonsense"] });
    expect(await w.db.selectFrom("looks").selectAll().execute()).toEqual([]);

    await w.as("ada").post(path("/cancellation"), { reason: "Not yet" });
    await w.as("theo").post(path("/looks"), { looked: [await idOf("/")] });
    expect(await w.db.selectFrom("looks").selectAll().execute()).toEqual([]);
    expect((await w.as("theo").post("/sites/shop/promotions/99/looks", {})).status).toBe(404);
  });

  test("are not recorded in the history", async () => {
    await blackFriday();
    const before = await w.db.selectFrom("events").selectAll().execute();
    await w.as("theo").post(path("/looks"), { looked: [await idOf("/")] });
    expect(await w.db.selectFrom("events").selectAll().execute()).toEqual(before);
  });

  test("of very many pages are shown in parts, and counted over all of them", async () => {
    await w.record("beta", ["/about v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    const keys = Array.from({ length: 203 }, (_, i) => `/p/${1000 + i}`);
    await w.record(
      "beta",
      keys.map((key) => `${key} v1`),
    );
    await w.ask((await w.release("All")).number, "demo");

    const first = await read("theo");
    expect(first).toContain("203 new pages");
    expect(first.match(/name="looked"/g)).toHaveLength(200);
    expect(first).toMatch(/id="progress"><b>0 of 203<\/b> reviewed/);

    const next = /rel="next" href="\/sites\/shop\/promotions\/2([^"]+)"/.exec(first)?.[1]?.replace("&amp;", "&") ?? "";
    const second = await read("theo", next);
    expect(second.match(/name="looked"/g)).toHaveLength(3);
    const action = /formaction="([^"]+)"/.exec(second)?.[1]?.replace("&amp;", "&") ?? "";
    const id = await idOf("/p/1202");
    const saved = await (await w.as("theo").submit(action, { shown: id, looked: id })).text();
    expect(saved).toMatch(/id="progress"><b>1 of 203<\/b> reviewed/);
    expect(ticks(saved)).toEqual(["/p/1202"]);
  });
});
