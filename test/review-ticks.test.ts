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
  [...page.matchAll(/name="looked" value="[^"]*"( checked)?><span>Looked at<span class="sr"> ([^<]*)/g)]
    .filter(([, checked]) => checked)
    .map(([, , name]) => name);

async function tell(environment: string, lines: (Partial<ReportLine> & { is: string })[]) {
  const placements = lines.map(({ is, ...more }) => ({ ...lineOf(is), ...more }));
  return recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), { placements });
}

/** Promotion 2: two pages new on demo, one changed, one removed, with software they need; one page is there already. */
async function blackFriday() {
  await w.record("beta", ["/ v1", "/about v1", "/sale/last-chance v2", "catalogue 4.1.7"]);
  await w.promote((await w.release("Before")).number, "demo");
  await tell("beta", [
    { is: "/ v2", title: "Home", notes: "New banner and three offers." },
    { is: "/sale/black-friday v1", title: "Black Friday", requires: { catalogue: "^4.2.0" } },
    { is: "/größen v1" },
    { is: "-/sale/last-chance" },
    { is: "catalogue 4.2.0" },
  ]);
  const keys = ["/", "/about", "/sale/black-friday", "/größen", "/sale/last-chance", "catalogue"];
  const { number } = await w.release("Black Friday, first week", keys);
  await w
    .as("ada")
    .post("/sites/shop/promotions", { release: String(number), to: "demo", note: "Please by Sunday", key: "k" });
}

/** Text as it is read, without markup. */
const words = (page: string) => page.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");

describe("the approval page", () => {
  test("begins with one plain sentence, and whom it waits for", async () => {
    await blackFriday();

    const page = words(await read("theo"));

    expect(page).toContain("Black Friday, first week");
    expect(page).toContain(
      "2 new pages, 1 changed and 1 removed go to demo, with 1 piece of software they need. It waits for you. You have looked at 0 of 4.",
    );
    expect(page).toContain("Please by Sunday");
    expect(words(await read("vera"))).toContain("It waits for Tester.");
  });

  test("speaks of customers where they are the ones to see it", async () => {
    await blackFriday();
    const { digest } = await w.db
      .selectFrom("promotions")
      .select("digest")
      .where("number", "=", 2)
      .executeTakeFirstOrThrow();
    await w.as("theo").post(path("/approvals"), { decision: "approve", digest });
    await w.as("ada").post(path("/completion"), {});
    await w.ask(2, "live");

    const page = words(await (await w.as("mara").get("/sites/shop/promotions/3")).text());

    expect(page).toContain("4 new pages go to customers, with 1 piece of software they need. It waits for you.");
    expect(page).toMatch(/Theo \(Tester\) approved for demo/);
    expect(page).toContain("Before it can go live");
  });

  test("lists what is new, changed and removed, each with where to see it", async () => {
    await blackFriday();
    const page = await read("theo");

    expect(words(page)).toMatch(
      /New 2 pages, on demo for the first time \/größen .*Black Friday .*Changed 1 page, replaces what demo has now .*Home \/ New banner and three offers\..*Removed 1 page, no longer on demo .*last-chance/,
    );
    expect(page).toContain(
      'href="https://beta.shop.example/sale/black-friday" target="_blank" rel="noopener">See on beta',
    );
    expect(page).toContain('href="https://beta.shop.example/gr%C3%B6%C3%9Fen"');
    expect(page).toContain('href="https://beta.shop.example/"');
    expect(page).toContain('href="https://demo.shop.example/"');
    expect(page).toContain('href="https://demo.shop.example/sale/last-chance"');
    expect(page).not.toContain('href="https://beta.shop.example/sale/last-chance"');
    expect(page).not.toContain('href="https://demo.shop.example/sale/black-friday"');
    expect(page).toContain("Also in the release: 1 page, which is on demo already and did not need to change.");
  });

  test("folds the software below, with what it was, will be, and who needs it", async () => {
    await blackFriday();
    expect(words(await read("theo"))).toMatch(
      /Software that comes along 1 piece of software .* catalogue 4\.1\.7 4\.2\.0 \/sale\/black-friday/,
    );
  });

  test("with several servers links to each, with none to none", async () => {
    const demo = environmentOf(w.site, "demo").id;
    await w.db
      .insertInto("servers")
      .values({ id: newId(), environment_id: demo, name: "web-2", base_url: "https://demo2.shop.example/shop" })
      .execute();
    await w.db.deleteFrom("servers").where("environment_id", "=", environmentOf(w.site, "beta").id).execute();
    await blackFriday();

    const page = await read("theo");

    expect(page).toMatch(/href="https:\/\/demo\.shop\.example\/"[^>]*>See on demo, web</);
    expect(page).toMatch(/href="https:\/\/demo2\.shop\.example\/shop\/"[^>]*>See on demo, web-2</);
    expect(page).not.toContain("See on beta");
  });

  test("of software alone shows it at once", async () => {
    await w.record("beta", ["/about v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await w.record("beta", ["checkout 3.4.1"]);
    await w.ask((await w.release("Checkout")).number, "demo");

    const page = await read("theo");

    expect(words(page)).toContain("1 piece of software goes to demo. It waits for you.");
    expect(page).toMatch(/<details class="fold" open><summary>Software that comes along/);
    expect(page).not.toContain("looked at");
  });

  test("of removals alone says that they are taken away", async () => {
    await w.record("beta", ["/old v1", "/older v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await w.record("beta", ["-/old", "-/older"]);
    await w.ask((await w.release("Away")).number, "demo");
    expect(words(await read("theo"))).toContain("2 pages are taken away from demo. It waits for you.");
  });

  test("shows titles, notes and paths that are markup as text", async () => {
    await w.record("beta", ["/about v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    await tell("beta", [{ is: `/<b>"x" v1`, title: "<i>T</i>", notes: "<script>n</script>" }]);
    await w.ask((await w.release("Odd")).number, "demo");

    const page = await read("theo");

    expect(page).toContain("&lt;i&gt;T&lt;/i&gt;");
    expect(page).toContain('href="https://beta.shop.example/%3Cb%3E%22x%22"');
    expect(page).not.toContain("<script>n");
  });
});

describe("ticks", () => {
  test("are kept, for the one who set them", async () => {
    await blackFriday();
    const shown = [await idOf("/"), await idOf("/größen")];

    const page = await (await w.as("theo").submit(path("/looks"), { shown, looked: [await idOf("/")] })).text();

    expect(ticks(page)).toEqual(["Home"]);
    expect(page).toMatch(/id="looked" data-said="1 of 4 looked at">You have looked at 1 of 4\./);
    expect(ticks(await read("vera"))).toEqual([]);
    expect(words(await (await w.as("theo").get("/sites/shop/approvals")).text())).toContain(
      "You have looked at 1 of 4.",
    );
  });

  test("can be taken back, and what was not on the page stays as it was", async () => {
    await blackFriday();
    const [home, sizes] = [await idOf("/"), await idOf("/größen")];
    await w.as("theo").post(path("/looks"), { shown: [home, sizes], looked: [home, sizes] });

    await w.as("theo").post(path("/looks"), { shown: [home] });

    expect(ticks(await read("theo"))).toEqual(["/größen"]);
  });

  test("are kept by approving too, and by a refused rejection", async () => {
    await blackFriday();
    const digest = /name="digest" value="(\w+)"/.exec(await read("theo"))?.[1] ?? "";
    const home = await idOf("/");

    const refused = await w
      .as("theo")
      .post(path("/approvals"), { decision: "reject", digest, shown: home, looked: home });
    expect(refused.status).toBe(422);
    expect(ticks(await refused.text())).toEqual(["Home"]);

    const sizes = await idOf("/größen");
    await w
      .as("theo")
      .post(path("/approvals"), { decision: "approve", digest, shown: [home, sizes], looked: [home, sizes] });
    expect(await w.db.selectFrom("looks").selectAll().execute()).toHaveLength(2);
  });

  test("of something else are no ticks, and a closed promotion takes none", async () => {
    await blackFriday();
    await w.record("beta", ["/elsewhere v1"]);
    await w.as("theo").post(path("/looks"), { looked: [await idOf("/elsewhere"), "nonsense"] });
    expect(await w.db.selectFrom("looks").selectAll().execute()).toEqual([]);

    await w.as("ada").post(path("/cancellation"), { reason: "Not yet" });
    await w.as("theo").post(path("/looks"), { looked: [await idOf("/")] });
    expect(await w.db.selectFrom("looks").selectAll().execute()).toEqual([]);
    expect((await w.as("theo").post("/sites/shop/promotions/99/looks", {})).status).toBe(404);
  });

  test("write no history", async () => {
    await blackFriday();
    const before = await w.db.selectFrom("events").selectAll().execute();
    await w.as("theo").post(path("/looks"), { looked: [await idOf("/")] });
    expect(await w.db.selectFrom("events").selectAll().execute()).toEqual(before);
  });

  test("of very many pages come in parts, and are counted over all", async () => {
    await w.record("beta", ["/about v1"]);
    await w.promote((await w.release("Before")).number, "demo");
    const keys = Array.from({ length: 203 }, (_, i) => `/p/${1000 + i}`);
    await w.record(
      "beta",
      keys.map((key) => `${key} v1`),
    );
    await w.ask((await w.release("All")).number, "demo");

    const first = await read("theo");
    expect(first).toContain("203 pages, on demo for the first time");
    expect(first.match(/name="looked"/g)).toHaveLength(200);
    expect(first).toMatch(/id="looked-too"><b>0 of 203<\/b> looked at/);

    const next = /rel="next" href="\/sites\/shop\/promotions\/2([^"]+)"/.exec(first)?.[1] ?? "";
    const second = await read("theo", next);
    expect(second.match(/name="looked"/g)).toHaveLength(3);
    const action = /formaction="([^"]+)"/.exec(second)?.[1] ?? "";
    const id = await idOf("/p/1202");
    const saved = await (await w.as("theo").submit(action, { shown: id, looked: id })).text();
    expect(saved).toMatch(/id="looked-too"><b>1 of 203<\/b> looked at/);
    expect(ticks(saved)).toEqual(["/p/1202"]);
  });
});
