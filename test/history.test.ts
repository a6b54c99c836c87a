import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cancel, decide } from "../src/promotions/promotions.ts";
import { links, words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);
const path = "/sites/shop/history";

async function openPage(query = "", who: Name = "vera", status = 200): Promise<string> {
  const response = await w.as(who).get(path + query);
  expect(response.status, query).toBe(status);
  return response.text();
}

/** The sentences of a page's entries, newest first. */
const entries = (page: string) =>
  [...page.matchAll(/<li id="entry-\d+">.*?<div>(.*?)<\/div><span class="end"/gs)].map(([, inner = ""]) =>
    words(inner),
  );

/** A release goes from beta to demo; for live one promotion is rejected and one cancelled, and live is changed by hand. */
async function fewWeeks(): Promise<void> {
  at("02-02T09:00");
  await w.record("beta", ["/sale v1", "checkout 1.0.0"], { note: "Spring texts" });
  await w.release("Spring", ["/sale", "checkout"]);
  await w.promote(1, "demo");
  at("02-03T09:00");
  const { number, digest } = await w.ask(1, "live");
  await decide(w.db, await w.by("mara"), w.site, number, {
    decision: "reject",
    digest,
    comment: "The price is wrong.",
  });
  at("02-04T09:00");
  await w.release("Checkout", ["checkout"], "demo");
  await cancel(w.db, await w.by("ada"), w.site, (await w.ask(2, "live")).number, "Not this week.");
  at("02-05T09:00");
  await w.record("live", ["/about v2"], { effective_at: "2026-02-04T17:00:00Z" });
  at("03-03T10:00");
}

describe("history", () => {
  test("has a sentence for every event, newest first, by day", async () => {
    await fewWeeks();

    const page = await openPage();

    expect(entries(page).slice(0, 12)).toEqual([
      "Cleo recorded deployment 3 on live: 1 changed, 1 out of band, effective 4 Feb, 17:00. /about v2 out of band",
      "Ada cancelled promotion 3, Checkout, for live. Not this week.",
      "Ada requested promotion 3: Checkout from demo to live.",
      "Ada created release 2, Checkout, from demo. checkout 1.0.0",
      "Mara rejected promotion 2, Spring, for live (Marketing). The price is wrong.",
      "Ada requested promotion 2: Spring from demo to live.",
      "Ada completed promotion 1: Spring on demo.",
      "Ada recorded deployment 2 on demo for promotion 1: 2 changed. /sale v1 checkout 1.0.0",
      "Theo approved promotion 1, Spring, for demo (Tester), reviewed 0 of 1 page.",
      "Ada requested promotion 1: Spring from beta to demo.",
      "Ada created release 1, Spring, from beta. /sale v1 checkout 1.0.0",
      "Cleo recorded deployment 1 on beta: 2 changed. Spring texts /sale v1 checkout 1.0.0",
    ]);
    expect(entries(page).slice(12)).toEqual([
      "Iris added the server web, https://www.shop.example, to live.",
      "Iris added the environment live, requiring 1 approval from Marketing.",
      "Iris added the server web, https://demo.shop.example, to demo.",
      "Iris added the environment demo, requiring 1 approval from Tester.",
      "Iris added the server web, https://beta.shop.example, to beta.",
      "Iris added the environment beta, requiring no approval.",
      "Iris created the site Fennel & Co.",
    ]);
    expect([...page.matchAll(/<h2 class="day">([^<]*)/g)].map(([, day]) => day).slice(0, 2)).toEqual([
      "Thursday 5 February 2026",
      "Wednesday 4 February 2026",
    ]);
    expect(links(page)).toMatchObject({
      "deployment 3": "/sites/shop/deployments/3",
      "promotion 2": "/sites/shop/promotions/2",
      "release 2, Checkout": "/sites/shop/releases/2",
    });
  });

  test("keeps the names of that time", async () => {
    await fewWeeks();
    await w.db.updateTable("people").set({ name: "Cleopatra" }).where("id", "=", w.people.cleo.id).execute();

    expect(entries(await openPage())[0]).toContain("Cleo recorded");
  });

  test("is paged by fifty entries", async () => {
    for (let i = 0; i < 60; i++) await w.record("beta", [`/sale v${i}`]);

    const first = await openPage();
    const second = await openPage((links(first)["Older ›"] ?? "").slice(path.length));

    expect(entries(first)).toHaveLength(50);
    expect(entries(first)[49]).toContain("deployment 11 on beta");
    expect(entries(second)[0]).toContain("deployment 10 on beta");
    expect(entries(second)).toHaveLength(17);
    expect(links(second)["‹ Newest"]).toBe(path);
  });

  test("unfolds the first of many lines, and leaves a very long list to its own page", async () => {
    await w.record(
      "beta",
      Array.from({ length: 30 }, (_, i) => `/news/${i} v1`),
    );
    const long = Array.from({ length: 1000 }, (_, i) => `/archive/with-a-long-name/${i} v1`);
    await w.record("beta", long, { note: "All of the archive" });

    const page = await openPage();

    expect(entries(page)[0]).toBe("Cleo recorded deployment 2 on beta: 1000 changed. All of the archive");
    expect(entries(page)[1]).toMatch(
      /^Cleo recorded deployment 1 on beta: 30 changed\. 30 lines \/news\/0 v1 .* and 10 more$/,
    );
  });

  test("is shown to everybody who may see the site, and to nobody else", async () => {
    expect((await w.as("vera").get(path)).status).toBe(200);
    expect((await w.as("oskar").get(path)).status).toBe(404);
    expect((await w.as("nobody").get(path)).status).toBe(303);
  });

  test("shows text that looks like markup as it was written", async () => {
    await w.record("beta", ["/<b>sale</b> <i>1</i>"], { note: "<script>alert(1)</script>" });

    const page = await openPage();

    expect(page).not.toContain("<script>alert");
    expect(entries(page)[0]).toContain("<script>alert(1)</script> /<b>sale</b> <i>1</i>");
  });
});

describe("a filter", () => {
  beforeEach(fewWeeks);

  test("by person", async () => {
    const page = await openPage(`?person=${w.people.mara.id}`);

    expect(entries(page)).toEqual(["Mara rejected promotion 2, Spring, for live (Marketing). The price is wrong."]);
    expect(page).toContain(`<option value="${w.people.mara.id}" selected>Mara</option>`);
  });

  test("by a person who has left the site", async () => {
    await w.db.deleteFrom("memberships").where("person_id", "=", w.people.mara.id).execute();

    expect(entries(await openPage(`?person=${w.people.mara.id}`))).toHaveLength(1);
  });

  test("by action", async () => {
    expect(entries(await openPage("?action=release_made"))).toEqual([
      "Ada created release 2, Checkout, from demo. checkout 1.0.0",
      "Ada created release 1, Spring, from beta. /sale v1 checkout 1.0.0",
    ]);
  });

  test("by environment", async () => {
    expect(entries(await openPage("?environment=beta"))).toEqual([
      "Ada created release 1, Spring, from beta. /sale v1 checkout 1.0.0",
      "Cleo recorded deployment 1 on beta: 2 changed. Spring texts /sale v1 checkout 1.0.0",
      "Iris added the server web, https://beta.shop.example, to beta.",
      "Iris added the environment beta, requiring no approval.",
    ]);
  });

  test("by a page or software: its deployments, releases and promotions", async () => {
    const sale = entries(await openPage("?key=/sale"));

    expect(sale).toHaveLength(8);
    expect(sale[0]).toContain("Mara rejected promotion 2");
    expect(entries(await openPage("?kind=software&key=checkout"))).toHaveLength(11);
    expect(entries(await openPage("?kind=page&key=/about"))).toHaveLength(1);
  });

  test("by time, on the site's clock", async () => {
    expect(entries(await openPage("?from=2026-02-04T09:00&until=2026-02-04T09:00"))).toEqual([
      "Ada cancelled promotion 3, Checkout, for live. Not this week.",
      "Ada requested promotion 3: Checkout from demo to live.",
      "Ada created release 2, Checkout, from demo. checkout 1.0.0",
    ]);
    expect(entries(await openPage("?until=2026-01-06T00:00"))).toHaveLength(7);
    expect(entries(await openPage("?from=2026-02-05T09:01"))).toEqual([]);
    expect(entries(await openPage("?from=4+February+9:00&until=4+Feb+9am"))).toEqual(
      entries(await openPage("?from=2026-02-04T09:00&until=2026-02-04T09:00")),
    );
  });

  test("until a day contains the whole of it", async () => {
    const query = async (until: string) =>
      entries(await openPage(`?from=2026-02-04&until=${encodeURIComponent(until)}`));
    expect(await query("2026-02-04")).toHaveLength(3);
    expect(await query("4 February")).toHaveLength(3);
    expect(await query("2026-02-03")).toHaveLength(0);
  });

  test("combined with others", async () => {
    const query = `?person=${w.people.ada.id}&environment=live&key=checkout&from=2026-02-03T00:00&until=2026-02-03T23:59`;

    const page = await openPage(query);

    expect(entries(page)).toEqual(["Ada requested promotion 2: Spring from demo to live."]);
    expect(page).toContain('value="2026-02-03T23:59"');
  });

  test("that matches nothing says so", async () => {
    const page = await openPage("?action=token_revoked");

    expect(words(page)).toContain("Nothing matches.");
    expect(links(page)["Show all"]).toBe(path);
  });

  test("that cannot be read is explained beside its field", async () => {
    const page = await openPage("?from=yesteryear&until=2126-01-01T00:00", "vera", 422);

    expect(words(page)).toContain('"yesteryear" is not a valid date and time.');
    expect(words(page)).toContain("1 January 2126, 00:00 is in the future.");
    expect(entries(page)).toEqual([]);
  });

  test("for something that the site does not have is a 404", async () => {
    expect(words(await openPage("?key=/nowhere", "vera", 404))).toContain("There is no page /nowhere on this site.");
    await openPage("?environment=prod", "vera", 404);
    await openPage("?action=party", "vera", 404);
    await openPage("?person=00000000-0000-7000-8000-000000000000", "vera", 404);
    await openPage(`?person=${w.people.oskar.id}`, "vera", 404);
  });
});
