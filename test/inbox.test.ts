import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cancel, decide } from "../src/promotions/promotions.ts";
import { lineOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const inbox = async (name: Name, more = "") => (await w.as(name).get(`/sites/shop/approvals${more}`)).text();

/** The text of one pile, without its markup. */
function pile(page: string, heading: string): string {
  const section = page.split('<section class="pile"').find((one) => one.includes(`>${heading} <small>`)) ?? "";
  return (
    section
      .split("</section>")[0]
      ?.replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " ") ?? ""
  );
}

async function asked(name: string, lines: string[], to = "demo"): Promise<number> {
  await w.record("beta", lines);
  const { number } = await w.release(
    name,
    lines.map((line) => lineOf(line).key),
  );
  if (to === "live") await w.promote(number, "demo");
  return (await w.ask(number, to)).number;
}

async function says(name: Name, number: number, decision: "approve" | "reject", comment?: string) {
  const { digest } = await w.db
    .selectFrom("promotions")
    .select("digest")
    .where("number", "=", number)
    .executeTakeFirstOrThrow();
  return decide(w.db, await w.by(name), w.site, number, { decision, digest, comment });
}

describe("the inbox", () => {
  test("from it to a recorded approval in two clicks", async () => {
    await asked("Black Friday", ["/sale v1", "checkout 3.4.1"], "live");

    const first = await inbox("mara");
    expect(first).toContain("1 needs your approval. It has waited since");
    const [, look = ""] = /class="button primary" href="([^"]+)">Look and decide/.exec(first) ?? [];

    const page = await (await w.as("mara").get(look)).text();
    const [, action = ""] = /<form id="verdict" method="post" action="([^"]+)"/.exec(page) ?? [];
    const [, digest = ""] = /name="digest" value="(\w+)"/.exec(page) ?? [];
    expect(page).toMatch(/<button type="submit" class="primary" name="decision" value="approve" form="verdict">/);
    const after = await (await w.as("mara").submit(action, { digest, decision: "approve", comment: "" })).text();

    expect(after).toContain("You approved it for live.");
    expect(await w.db.selectFrom("approvals").selectAll().where("role", "=", "marketing").execute()).toHaveLength(1);
    expect(await inbox("mara")).toContain("Nothing waits for you.");
  });

  test("says what each changes, and how much of it you have looked at", async () => {
    await w.record("beta", ["/ v1", "/sale v1", "/old v1", "checkout 3.3.0"]);
    await w.promote((await w.release("First")).number, "demo");
    await asked("Second", ["/new v1", "/sale v2", "-/old", "checkout 3.4.1", "/ v1"]);

    const page = pile(await inbox("theo"), "Needs your approval");

    expect(page).toContain("1 new page, 1 changed and 1 removed, with 1 piece of software. You have looked at 0 of 3.");
    expect(page).toContain("Second Promotion 2");
  });

  test("each finds in it what is theirs", async () => {
    await asked("For the tester", ["/a v1"]);
    await asked("For marketing", ["/b v1"], "live");
    const approved = await asked("Ready for live", ["/c v1"], "live");
    await says("mara", approved, "approve");

    const theo = await inbox("theo");
    expect(pile(theo, "Needs your approval")).toContain("For the tester");
    expect(pile(theo, "Waiting for others")).toMatch(/Ready for live .* approved, to be completed/);
    expect(pile(theo, "Waiting for others")).toMatch(/For marketing .* waiting for Marketing/);

    const mara = await inbox("mara");
    expect(pile(mara, "Needs your approval")).toContain("For marketing");
    expect(pile(mara, "Waiting for others")).toMatch(/Ready for live .*You approved it/);

    const ada = await inbox("ada");
    expect(pile(ada, "Needs your approval")).toBe("");
    expect(pile(ada, "Approved, to be completed")).toMatch(/Ready for live .* Look and publish/);
    expect(ada).toContain("1 promotion approved, to be completed.");

    const vera = await inbox("vera");
    expect(vera).toContain("Nothing waits for you.");
    expect(vera).not.toContain("Look and");
  });

  test("the count beside it in the masthead is what waits for you", async () => {
    await asked("One", ["/a v1"]);
    await asked("Two", ["/b v1"]);
    const count = async (name: Name) => /class="count">(\d+)/.exec(await inbox(name))?.[1];

    expect([await count("theo"), await count("mara"), await count("ada")]).toEqual(["2", undefined, undefined]);
    await says("theo", 1, "approve");
    expect([await count("theo"), await count("ada")]).toEqual(["1", "1"]);
  });

  test("what has waited the longest is first, and alone has the primary button", async () => {
    await asked("Older", ["/a v1"]);
    w.clock.at = "2026-03-04T10:00:00.000Z";
    await asked("Younger", ["/b v1"]);

    const page = await inbox("theo");

    expect(page.indexOf("Older")).toBeLessThan(page.indexOf("Younger"));
    expect(page.match(/class="button primary"/g)).toHaveLength(1);
    expect(page).toMatch(
      /2 need your approval. The oldest has waited since <time datetime="2026-03-03T10:00:00.000Z">/,
    );
  });

  test("done: how each ended, and what was said", async () => {
    await asked("Arrived", ["/a v1"], "live");
    await asked("Refused", ["/b v1"]);
    await says("theo", 3, "reject", "The amount is wrong");
    await asked("Called off", ["/c v1"]);
    await cancel(w.db, await w.by("ada"), w.site, 4, "Too early");
    await asked("Narrow", ["/d v1"]);
    const wide = await w.release("Wide", ["/d", "/a"]);
    await w.ask(wide.number, "demo");

    const page = pile(await inbox("theo"), "Done");

    expect(page).toMatch(/Narrow .* Promotion 6 took its place\. superseded/);
    expect(page).toMatch(/Called off .* Ada cancelled it: Too early cancelled/);
    expect(page).toMatch(/Refused .* You rejected it: The amount is wrong rejected/);
    expect(page).toMatch(/Arrived .* 1 page\. You approved it\. completed/);
  });

  test("chips show one pile each, with its count", async () => {
    await asked("Waits", ["/a v1"]);
    await asked("Done with", ["/b v1"]);
    await says("theo", 2, "reject", "No");

    const all = await inbox("theo");
    expect(all.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")).toContain(
      "All 2 Needs you 1 Waiting for others 0 Done 1",
    );
    const done = await inbox("theo", "?show=done");
    expect(done).toContain("Done with");
    expect(done).not.toContain("Look and decide");
    const needs = await inbox("theo", "?show=needs");
    expect(needs).toContain("Waits");
    expect(needs).not.toContain("Done with");
  });

  test("what is done comes in parts, newest first", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Again and again");
    for (let i = 1; i <= 53; i++) {
      await w.ask(1, "demo");
      await cancel(w.db, await w.by("ada"), w.site, i, `Reason ${i}.`);
    }

    const short = await inbox("ada");
    expect(short).toContain("Reason 44.");
    expect(short).not.toContain("Reason 43.");
    const first = await inbox("ada", "?show=done");
    expect(first).toContain("Reason 4.");
    expect(first).not.toContain("Reason 3.");
    const next = /rel="next" href="\/sites\/shop\/approvals([^"]+)"/.exec(first)?.[1]?.replace("&amp;", "&") ?? "";
    const second = await inbox("ada", next);
    expect(second).toContain("Reason 3.");
    expect(second).toContain("Reason 1.");
    expect(second).not.toContain("Reason 4.");
    expect(second).not.toContain("Older");
  });

  test("empty, it says how a promotion begins", async () => {
    expect(await inbox("theo")).toContain("No promotion has been asked for yet.");
  });

  test("is not for strangers, and wants a name first", async () => {
    expect((await w.as("oskar").get("/sites/shop/approvals")).status).toBe(404);
    const answer = await w.as("nobody").get("/sites/shop/approvals");
    expect(answer.headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop%2Fapprovals");
  });

  test("names that are markup are shown as text", async () => {
    await asked("<b>Big</b>", ["/a v1"]);
    expect(await inbox("theo")).toContain("&lt;b&gt;Big&lt;/b&gt;");
  });
});
