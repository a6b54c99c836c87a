import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acceptFinding } from "../src/findings/accept.ts";
import { cancel, decide } from "../src/promotions/promotions.ts";
import { serveAt, visit } from "./support/visits.ts";
import { htmlPage, webSite } from "./support/web-site.ts";
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

async function requested(name: string, lines: string[], to = "demo"): Promise<number> {
  await w.record("beta", lines);
  const { number } = await w.release(
    name,
    lines.map((line) => lineOf(line).key),
  );
  if (to === "live") await w.promote(number, "demo");
  return (await w.ask(number, to)).number;
}

async function decides(name: Name, number: number, decision: "approve" | "reject", comment?: string) {
  const { digest } = await w.db
    .selectFrom("promotions")
    .select("digest")
    .where("number", "=", number)
    .executeTakeFirstOrThrow();
  return decide(w.db, await w.by(name), w.site, number, { decision, digest, comment });
}

describe("the inbox", () => {
  test("leads to a recorded approval in two clicks, and a third where nothing was reviewed", async () => {
    await requested("Black Friday", ["/sale v1", "checkout 3.4.1"], "live");

    const first = await inbox("mara");
    expect(first).toContain("1 needs your approval. It has been waiting since");
    const [, review = ""] = /class="button primary" href="([^"]+)">Review</.exec(first) ?? [];

    const page = await (await w.as("mara").get(review)).text();
    const [, action = ""] = /<form id="verdict" method="post" action="([^"]+)"/.exec(page) ?? [];
    const [, digest = ""] = /name="digest" value="(\w+)"/.exec(page) ?? [];
    expect(page).toMatch(/<button type="submit" class="primary" name="decision" value="approve" form="verdict">/);
    const fields = { digest, decision: "approve", comment: "" };
    const asks = await (await w.as("mara").submit(action, fields)).text();
    expect(asks).toContain("You have reviewed 0 of 1 page. Approve anyway, or review the rest first?");
    const [, anyway = ""] = /name="anyway" value="(\d)"/.exec(asks) ?? [];
    const after = await (await w.as("mara").submit(action, { ...fields, anyway })).text();

    expect(after).toContain("You approved it for live.");
    expect(await w.db.selectFrom("approvals").selectAll().where("role", "=", "marketing").execute()).toHaveLength(1);
    expect(await inbox("mara")).toContain("Nothing needs you.");
  });

  test("shows what each promotion changes, and how much of it this person has reviewed", async () => {
    await w.record("beta", ["/ v1", "/sale v1", "/old v1", "checkout 3.3.0"]);
    await w.promote((await w.release("First")).number, "demo");
    await requested("Second", ["/new v1", "/sale v2", "-/old", "checkout 3.4.1", "/ v1"]);

    const page = pile(await inbox("theo"), "Needs your approval");

    expect(page).toContain("1 new page, 1 changed and 1 removed, with 1 software item. You have reviewed 0 of 3.");
    expect(page).toContain("Second Promotion 2");
  });

  test("shows each person what needs them", async () => {
    await requested("For the tester", ["/a v1"]);
    await requested("For marketing", ["/b v1"], "live");
    const approved = await requested("Ready for live", ["/c v1"], "live");
    await decides("mara", approved, "approve");

    const theo = await inbox("theo");
    expect(pile(theo, "Needs your approval")).toContain("For the tester");
    expect(pile(theo, "Waiting for others")).toMatch(/Ready for live .* approved, not yet completed/);
    expect(pile(theo, "Waiting for others")).toMatch(/For marketing .* waiting for Marketing/);

    const mara = await inbox("mara");
    expect(pile(mara, "Needs your approval")).toContain("For marketing");
    expect(pile(mara, "Waiting for others")).toMatch(/Ready for live .*You approved it/);

    const ada = await inbox("ada");
    expect(pile(ada, "Needs your approval")).toBe("");
    expect(pile(ada, "Approved, not yet completed")).toMatch(/Ready for live .* Review : Ready for live/);
    expect(ada).toContain("1 approved promotion to complete.");

    const vera = await inbox("vera");
    expect(vera).toContain("Nothing needs you.");
    expect(vera).not.toContain(">Review<");
  });

  test("has a count in the masthead of what needs this person", async () => {
    await requested("One", ["/a v1"]);
    await requested("Two", ["/b v1"]);
    const count = async (name: Name) => /class="count">(\d+)/.exec(await inbox(name))?.[1];

    expect([await count("theo"), await count("mara"), await count("ada")]).toEqual(["2", undefined, undefined]);
    await decides("theo", 1, "approve");
    expect([await count("theo"), await count("ada")]).toEqual(["1", "1"]);
  });

  test("lists what has waited longest first, with the only primary button", async () => {
    await requested("Older", ["/a v1"]);
    w.clock.at = "2026-03-04T10:00:00.000Z";
    await requested("Younger", ["/b v1"]);

    const page = await inbox("theo");

    expect(page.indexOf("Older")).toBeLessThan(page.indexOf("Younger"));
    expect(page.match(/class="button primary"/g)).toHaveLength(1);
    expect(page).toMatch(
      /2 need your approval. The oldest has been waiting since <time datetime="2026-03-03T10:00:00.000Z">/,
    );
  });

  test("shows how each promotion ended, with the comment or reason", async () => {
    await requested("Completed", ["/a v1"], "live");
    await requested("Rejected", ["/b v1"]);
    await decides("theo", 3, "reject", "The amount is wrong");
    await requested("Cancelled", ["/c v1"]);
    await cancel(w.db, await w.by("ada"), w.site, 4, "Too early");
    await requested("Narrow", ["/d v1"]);
    const wide = await w.release("Wide", ["/d", "/a"]);
    await w.ask(wide.number, "demo");

    const page = pile(await inbox("theo"), "Done");

    expect(page).toMatch(/Narrow .* Replaced by promotion 6\. superseded/);
    expect(page).toMatch(/Cancelled .* Ada cancelled it: Too early cancelled/);
    expect(page).toMatch(/Rejected .* You rejected it: The amount is wrong rejected/);
    expect(page).toMatch(/Completed .* 1 page\. You approved it\. completed/);
  });

  test("can be filtered to one pile, with its count", async () => {
    await requested("Waits", ["/a v1"]);
    await requested("Done with", ["/b v1"]);
    await decides("theo", 2, "reject", "No");

    const all = await inbox("theo");
    expect(all.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")).toContain(
      "All 2 Needs you 1 Waiting for others 0 Done 1",
    );
    const done = await inbox("theo", "?show=done");
    expect(done).toContain("Done with");
    expect(done).not.toContain(">Review<");
    const needs = await inbox("theo", "?show=needs");
    expect(needs).toContain("Waits");
    expect(needs).not.toContain("Done with");
  });

  test("lists what is done page by page, newest first", async () => {
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

  test("says how a promotion starts while there are none", async () => {
    expect(await inbox("theo")).toContain("No promotions yet.");
  });

  test("is not found by people without a role, and needs signing in", async () => {
    expect((await w.as("oskar").get("/sites/shop/approvals")).status).toBe(404);
    const answer = await w.as("nobody").get("/sites/shop/approvals");
    expect(answer.headers.get("location")).toBe("/sign-in?next=%2Fsites%2Fshop%2Fapprovals");
  });

  test("shows names with markup in them as text", async () => {
    await requested("<b>Big</b>", ["/a v1"]);
    expect(await inbox("theo")).toContain("&lt;b&gt;Big&lt;/b&gt;");
  });
});

test("who may record has a line for each environment whose servers show something other than the record", async () => {
  await using beta = await webSite({ "/sale": htmlPage("Sale", "<p>Shoes</p>") });
  await using demo = await webSite({ "/sale": htmlPage("Sale", "<p>Shoes</p>") });
  await serveAt(w, "beta", beta.base);
  await serveAt(w, "demo", demo.base);
  await w.record("beta", ["/sale v1", "/about v1", "/blank v1"]);
  await w.record("demo", ["/sale v1"]);
  beta.pages["/blank"] = "<!DOCTYPE html><p>Without a title</p>";
  await visit(w, "beta");
  await visit(w, "demo");
  beta.pages["/sale"] = htmlPage("Sale", "<p>Boots</p>");
  delete beta.pages["/blank"];
  await visit(w, "beta");

  const page = await inbox("cleo");
  expect(pile(page, "Found on the servers")).toContain("3 findings on beta 2 missing, 1 drifted.");
  expect(pile(page, "Found on the servers")).toMatch(/since 3 Mar .*, 11:00 /);
  expect(page).toContain('href="/sites/shop/findings?environment=beta"');
  expect(page).toContain("1 environment with findings.");
  expect(page).toContain('id="inbox-count" data-count="1"');
  for (const name of ["theo", "vera"] as const) expect(await inbox(name)).toContain('data-count="0"');
  expect(pile(await inbox("theo"), "Found on the servers")).toBe("");

  const open = await w.db.selectFrom("findings").select("id").where("settled_at", "is", null).execute();
  for (const { id } of open) await acceptFinding(w.db, await w.by("cleo"), w.site, id, { reason: "Known" });
  const after = await inbox("cleo");
  expect(after).toContain("Nothing needs you.");
  expect(after).toContain('data-count="0"');
});
