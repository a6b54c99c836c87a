import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const address = (more = "") => `/sites/shop/promotions/2${more}`;
const read = async (more = "", name: Name = "theo") => (await w.as(name).get(address(more))).text();
const send = (fields: Record<string, string | string[]>, more = "", name: Name = "theo") =>
  w.as(name).submit(address(`/looks${more}`), fields);

const pages = (section: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${section}/page-${1000 + i} v2`);

/** Promotion 2: a page that demo has in another version, one that it will lose, and these new ones. */
async function promotionOf(lines: string[]) {
  await w.record("beta", ["/sale/page-1000 v1", "/sale/old v1", "/about v1", "/same v1", "catalogue 1.0.0"]);
  await w.promote((await w.release("Before")).number, "demo");
  await w.record("beta", [...lines, "-/sale/old", "/about v2"]);
  await w.ask((await w.release("Spring relaunch")).number, "demo");
}

/** The sections of the table: name, changes and how much is reviewed. */
const sections = (page: string) =>
  [...page.matchAll(/<tr class="group[^>]*>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    words(row)
      .replace(/^Collapse /, "")
      .replace(/ Mark section.*$/, "")
      .trim(),
  );
const shownPages = (page: string) => [...page.matchAll(/<tr><th scope="row"><bdi>([^<]+)/g)].map(([, key]) => key);
const ticked = (page: string) => page.match(/name="looked" value="[^"]*" checked/g)?.length ?? 0;
const progress = (page: string) => /id="progress"><b>([^<]*)/.exec(page)?.[1];
const looks = () => w.db.selectFrom("looks").select(["person_id", "artifact_id"]).execute();

describe("a promotion of many pages", () => {
  test("shows up to fifty pages as cards, and more as a table by section", async () => {
    await promotionOf(pages("/sale", 48));
    expect(await read()).toContain('<ul class="review">');

    await w.record("beta", ["/men/one v1"]);
    await w.ask((await w.release("One more")).number, "demo");
    const page = await (await w.as("theo").get("/sites/shop/promotions/3")).text();

    expect(page).not.toContain('<ul class="review">');
    expect(sections(page)).toEqual([
      "Top level 1 changed page 0 of 1 reviewed",
      "/men 1 new page 0 of 1 reviewed",
      "/sale 47 new pages, 1 changed and 1 removed 0 of 49 reviewed",
    ]);
    expect(shownPages(page)).toHaveLength(51);
    expect(words(page)).toContain("/sale/old No redirect: visitors are led nowhere. removed v1 removed Open on demo");
    expect(words(page)).toContain("/sale/page-1000 changed v1 → v2 Open on beta");
  });

  test("folds its sections above two hundred pages, and loads the pages of the one that is opened", async () => {
    await promotionOf([...pages("/sale", 150), ...pages("/men", 250)]);

    const folded = await read();
    expect(sections(folded)).toEqual([
      "Top level 1 changed page 0 of 1 reviewed",
      "/men 250 new pages 0 of 250 reviewed",
      "/sale 149 new pages, 1 changed and 1 removed 0 of 151 reviewed",
    ]);
    expect(shownPages(folded)).toEqual([]);
    expect(words(folded)).toContain("You have reviewed 0 of 402.");

    const href = /href="([^"]+)" id="open-1"/.exec(folded)?.[1] ?? "";
    const first = await (await w.as("theo").get(href)).text();
    expect(shownPages(first)).toHaveLength(200);
    const next = /rel="next" href="\/sites\/shop\/promotions\/2([^"]+)"/.exec(first)?.[1]?.replace("&amp;", "&") ?? "";
    const second = await read(next);
    expect(shownPages(second)).toHaveLength(50);
    expect(shownPages(second)[0]).toBe("/men/page-1200");
    expect(shownPages(await read("?section=/"))).toEqual(["/about"]);
    expect(shownPages(await read("?section=/nowhere"))).toEqual([]);
  });

  test("is shown without boxes or buttons once it is closed, with what was reviewed", async () => {
    await promotionOf(pages("/men", 60));
    await send({ mark: "/men" });
    await w.as("ada").post(address("/cancellation"), { reason: "Not yet" });

    const page = await read();

    expect(sections(page)).toEqual([
      "Top level 1 changed page",
      "/men 60 new pages 60 of 60 reviewed",
      "/sale 1 removed page",
    ]);
    expect(page).not.toContain("Mark section");
    expect(page).not.toContain('name="looked"');
  });
});

describe("marking a section as reviewed", () => {
  test("ticks all of its pages for this person in one post, also those of other parts", async () => {
    await promotionOf([...pages("/sale", 150), ...pages("/men", 250)]);

    const page = await (await send({ mark: "/men" }, "?section=/men")).text();

    expect(ticked(page)).toBe(200);
    expect(progress(page)).toBe("250 of 402");
    expect(words(page)).toContain("You have reviewed 250 of 402.");
    expect(sections(page)[1]).toBe("/men 250 new pages 250 of 250 reviewed");
    expect(words(page)).toContain("Mark section as not reviewed: /men");
    expect(new Set((await looks()).map((look) => look.person_id))).toEqual(new Set([w.people.theo.id]));
    expect(progress(await read("", "vera"))).toBe("0 of 402");
  });

  test("saves the ticks of the pages that are shown, too", async () => {
    await promotionOf([...pages("/sale", 40), ...pages("/men", 20)]);
    const page = await read("?section=/sale");
    const shown = [...page.matchAll(/name="shown" value="([^"]+)"/g)].map(([, id = ""]) => id);

    const saved = await (await send({ mark: "/men", shown, looked: shown.slice(-2) }, "?section=/sale")).text();

    expect(progress(saved)).toBe("22 of 62");
    expect(ticked(saved)).toBe(22);
  });

  test("leaves out pages that stay as they are, and pages of other sections", async () => {
    await promotionOf(pages("/sale", 60));
    await w.ask((await w.release("With the same", ["/about", "/same", "/sale/page-1000"])).number, "demo");

    await w.as("theo").post("/sites/shop/promotions/3/looks", { mark: "/" });

    const { id } = await w.db
      .selectFrom("artifacts")
      .select("id")
      .where("key", "=", "/about")
      .executeTakeFirstOrThrow();
    expect(await looks()).toEqual([{ person_id: w.people.theo.id, artifact_id: id }]);
  });

  test("again changes nothing, also at once and from two browsers", async () => {
    await promotionOf(pages("/men", 60));

    const answers = await Promise.all(Array.from({ length: 6 }, () => send({ mark: "/men" })));
    expect(answers.map((answer) => answer.status)).toEqual(Array(6).fill(200));
    await send({ mark: "/men" });

    expect(await looks()).toHaveLength(60);
    expect(progress(await read())).toBe("60 of 62");
  });

  test("while another request removes the ticks leaves all of them or none", async () => {
    await promotionOf(pages("/men", 60));

    await Promise.all([
      send({ mark: "/men" }),
      send({ unmark: "/men" }),
      send({ mark: "/men" }),
      send({ unmark: "/men" }),
    ]);

    expect([0, 60]).toContain((await looks()).length);
  });

  test("can be taken back", async () => {
    await promotionOf(pages("/men", 60));
    await send({ mark: "/men" });
    await send({ mark: "/" });

    const page = await (await send({ unmark: "/men" })).text();

    expect(progress(page)).toBe("1 of 62");
    expect(ticked(page)).toBe(1);
  });

  test("of a closed promotion is refused with the reason, and saves nothing", async () => {
    await promotionOf(pages("/men", 60));
    await w.as("ada").post(address("/cancellation"), { reason: "Not yet" });

    const refused = await w.as("theo").post(address("/looks"), { mark: "/men" });

    expect(refused.status).toBe(409);
    expect(words(await refused.text())).toContain("Promotion 2 was cancelled.");
    expect(await looks()).toEqual([]);
  });

  test("needs a role on the site, and a person who is signed in", async () => {
    await promotionOf(pages("/men", 60));

    expect((await w.as("oskar").post(address("/looks"), { mark: "/men" })).status).toBe(404);
    expect((await w.as("nobody").post(address("/looks"), { mark: "/men" })).status).not.toBe(200);
    expect(await looks()).toEqual([]);
  });

  test("of all sections lets the person approve without being asked", async () => {
    await promotionOf(pages("/men", 60));
    for (const mark of ["/", "/men", "/sale"]) await send({ mark });
    const digest = /name="digest" value="(\w+)"/.exec(await read())?.[1] ?? "";

    const page = await w.as("theo").submit(address("/approvals"), { decision: "approve", digest });

    expect(await page.text()).toContain("You approved it for demo.");
    const approval = w.db.selectFrom("approvals").select(["reviewed", "to_review"]).where("digest", "=", digest);
    expect(await approval.executeTakeFirst()).toEqual({ reviewed: 62, to_review: 62 });
  });

  test("before a refused decision keeps the section that is open and its ticks", async () => {
    await promotionOf([...pages("/sale", 40), ...pages("/men", 180)]);
    const page = await read("?section=/sale");
    const action = /id="verdict" method="post" action="([^"]+)"/.exec(page)?.[1] ?? "";
    const shown = [...page.matchAll(/name="shown" value="([^"]+)"/g)].map(([, id = ""]) => id);
    const digest = /name="digest" value="(\w+)"/.exec(page)?.[1] ?? "";

    const refused = await w.as("theo").post(action, { decision: "reject", digest, shown, looked: shown.slice(0, 3) });

    expect(refused.status).toBe(422);
    const again = await refused.text();
    expect(shownPages(again)).toHaveLength(41);
    expect(ticked(again)).toBe(3);
  });
});
