import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { up } from "../migrations/2026-11-23-10-search.ts";
import { correct } from "../src/corrections/corrections.ts";
import { isPostgres } from "../src/database/connect.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { decide } from "../src/promotions/promotions.ts";
import { eventEntries, indexForSearch } from "../src/record/search-index.ts";
import { type Hit, search } from "../src/search/queries.ts";
import { parseSearchQuery } from "../src/search/search-query.ts";
import { environmentOf, lived, type Name, type World } from "./support/world.ts";

let w: World;

// Mara approved /sale v31 for live in February; v33 is waiting for approval, and /terms went live out of band.
const seasons = lived(async (w) => {
  w.clock.at = "2026-02-02T09:00:00.000Z";
  await w.record("beta", ["/sale v31", "/sale/shoes v1", "/terms v7", "checkout-service 3.4.1"]);
  await w.release("Winter sale", ["/sale", "/sale/shoes"]);
  await w.promote(1, "demo");
  await w.promote(1, "live");
  w.clock.at = "2026-03-02T08:00:00.000Z";
  await w.record("beta", ["/sale v33"]);
  await w.record("live", ["/terms v7"], { note: "Größere Änderung für Müller" });
  await w.release("Spring sale", ["/sale"]);
  await w.promote(2, "demo");
  await w.ask(2, "live");
  w.clock.at = "2026-03-03T10:00:00.000Z";
});
beforeEach(async () => {
  w = await seasons();
});
afterEach(() => w.close());

const path = (q: string, more = "") => `/sites/shop/search?q=${encodeURIComponent(q)}${more}`;

/** The text of the page. */
async function reads(q: string, more = "", who: Name = "vera"): Promise<string> {
  const response = await w.as(who).get(path(q, more));
  expect(response.status).toBe(200);
  return words(await response.text());
}

function words(page: string): string {
  const main = page.slice(page.indexOf("<main"), page.indexOf("</main>"));
  const text = main
    .replace(/<i class="year">.*?<\/i>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"');
  return text
    .replace(/\s+/g, " ")
    .replace(/ ([,.;:)])/g, "$1")
    .replace(/\( /g, "(");
}

describe("where something is", () => {
  test("of two lists with more pages each names its list", async () => {
    for (let i = 0; i < 21; i++) await w.record("beta", [`/many/${i} v1`]);
    const page = await (await w.as("vera").get(path("many"))).text();
    expect(page.match(/(?<=aria-label=")[^"]+: pages of this list/g)).toEqual([
      "Pages and software: pages of this list",
      "Activity: pages of this list",
    ]);
  });

  test("a very common word is searched for without the index, with the same results", async () => {
    const texts = Array.from({ length: 1200 }, (_, i) => `common ${"x ".repeat(i % 5)}${i % 3 ? "y z" : "z y"} ${i}`);
    await indexForSearch(
      w.db,
      w.site.id,
      texts.map((text, i) => ({ kind: "artifact", ref: `many ${i}`, text })),
    );
    const found = async (text: string) => {
      const hits: Hit[] = [];
      for (let after: Hit | undefined; ; after = hits.at(-1)) {
        const more = await search(w.db, w.site.id, "artifact", parseSearchQuery(text), { after, limit: 500 });
        hits.push(...more);
        if (more.length < 500) return hits;
      }
    };
    const all = await found("common");
    expect(all.length).toBe(1200);
    expect(all).toEqual(all.toSorted((a, b) => a.size - b.size || a.id - b.id));
    for (const text of [
      "common",
      '"common "',
      "com",
      "COMMÓN x",
      '"x y"',
      '"x z" common',
      "common 7",
      "mmon",
      '"com" x',
    ])
      expect((await found(text)).map((hit) => hit.ref).sort(), text).toEqual(
        texts.flatMap((entry, i) => (matches(entry, text) ? [`many ${i}`] : [])).sort(),
      );
  });

  /** The searches above as patterns. */
  const patterns: Record<string, RegExp[]> = {
    common: [/ common/],
    '"common "': [/ common /],
    com: [/ com/],
    "COMMÓN x": [/ common /, / x/],
    '"x y"': [/ x y /],
    '"x z" common': [/ x z /, / common/],
    "common 7": [/ common /, / 7/],
    mmon: [/ mmon/],
    '"com" x': [/ com /, / x/],
  };
  const matches = (text: string, query: string) => patterns[query]?.every((pattern) => pattern.test(` ${text} `));

  test.each([
    "/sale",
    "where is /sale?",
    "Where's /sale",
    "which version of /sale is on live?",
    "https://www.shop.example/sale?x=1",
    "/SALE",
  ])("%s", async (question) => {
    expect(await reads(question)).toContain(
      "/sale v33 on beta since 2 Mar, 08:00 v33 on demo since 2 Mar, 08:00, approved by Theo (Tester) v31 on live since 2 Feb, 09:00, approved by Mara (Marketing)",
    );
  });

  test("software by its name, with the environments where it is not", async () => {
    expect(await reads("checkout-service")).toContain(
      "checkout-service 3.4.1 on beta since 2 Feb, 09:00 not recorded on demo not recorded on live",
    );
  });

  test("a part of a name that matches only one artifact", async () => {
    expect(await reads("where is checkout")).toContain("checkout-service 3.4.1 on beta");
  });

  test("what was removed, and what is out of band", async () => {
    await w.record("live", ["-/sale"]);
    expect(await reads("/sale")).toContain("removed on live since 3 Mar, 10:00");
    expect(await reads("/terms")).toContain("v7 on live since 2 Mar, 08:00, out of band: not approved");
  });

  test("at a past moment", async () => {
    expect(await reads("where was /sale on 2026-02-10 12:00")).toContain(
      "As of 10 February 2026, 12:00: /sale v31 on beta since 2 Feb, 09:00",
    );
  });

  test("a page that was never recorded: there is none", async () => {
    expect(await reads("where is /nowhere")).toContain("No such page recorded: /nowhere.");
  });
});

describe("who approved it", () => {
  test("is answered with name, role, time and promotion", async () => {
    expect(await reads("who approved /sale")).toContain(
      "Mara (Marketing) approved /sale v31 on live on 2 Feb, 09:00. It came with promotion 2 and has been there since 2 Feb, 09:00.",
    );
    expect(await reads("Who signed off /sale on demo?")).toContain(
      "Theo (Tester) approved /sale v33 on demo on 2 Mar, 08:00.",
    );
  });

  test("is nobody for what is out of band, and for an environment without a gate", async () => {
    expect(await reads("who approved /terms")).toContain(
      "Nobody: /terms v7 on live is out of band, deployment 5 of 2 Mar, 08:00.",
    );
    expect(await reads("who approved /terms on beta")).toContain("No approval is needed on beta.");
    expect(await reads("who approved /terms on demo")).toContain("Nobody: /terms has never been recorded on demo.");
  });
});

describe("what changed", () => {
  test("since a day of the week, with counts, and links to compare and to the history", async () => {
    const page = await (await w.as("vera").get(path("what changed on live since Monday"))).text();
    expect(words(page)).toContain("1 page changed on live since 2 March 2026, 00:00: 1 added.");
    expect(page).toContain('href="/sites/shop/compare?from=live@2026-03-02T00:00Z&amp;to=live"');
    expect(page).toContain('href="/sites/shop/history?environment=live&amp;from=2026-03-02T00:00Z"');
  });

  test("yesterday is one day, today another", async () => {
    expect(await reads("what changed on demo yesterday?")).toContain(
      "1 page changed on demo on Monday 2 March 2026. What changed on demo Page or software Change Before After /sale 1 /sale changed v31 v33",
    );
    expect(await reads("what's new on demo today")).toContain("Nothing changed on demo since 3 March 2026, 00:00.");
  });

  test("until a day contains that day, also on the pages that it leads to", async () => {
    const page = await (await w.as("vera").get(path("what changed on demo from 25 February to 2 March?"))).text();
    expect(words(page)).toContain(
      "1 page changed on demo from 25 February 2026, 00:00 to the end of Monday 2 March 2026.",
    );
    expect(page).toContain(
      'href="/sites/shop/history?environment=demo&amp;from=2026-02-25T00:00Z&amp;until=2026-03-02"',
    );
    expect(await reads("what changed on demo between 25 February and 1 March")).toContain("Nothing changed on demo");
  });

  test("before the first record is unknown", async () => {
    expect(await reads("what changed on live since 2026-01-01 00:00")).toContain(
      "The record of live starts on 2 February 2026, 09:00: what was there before is unknown.",
    );
  });

  test("since a time that cannot be read: the answer says so", async () => {
    expect(await reads("what changed on live since blursday")).toMatch(/"blursday" is not a valid date and time/);
  });
});

test("when something changed: each time, with a link to that moment", async () => {
  const page = await (await w.as("vera").get(path("when did /sale change on demo"))).text();
  expect(words(page)).toContain("/sale last changed on demo on 2 Mar, 08:00. v33 on 2 Mar, 08:00 v31 on 2 Feb, 09:00");
  expect(page).toContain('href="/sites/shop/environments/demo?as_of=2026-03-02T08:00Z"');
  expect(await reads("when was /terms added on demo")).toContain("/terms has never been recorded on demo.");
});

test("what was there at a moment: the environment's page as of then", async () => {
  const response = await w.as("vera").get(path("what was on live on 2026-02-10 14:00?"));
  expect(response.status).toBe(303);
  expect(response.headers.get("location")).toBe("/sites/shop/environments/live?as_of=2026-02-10T14:00Z");
  const day = await w.as("vera").get(path("what was on live on 10 February"));
  expect(day.headers.get("location"), "the environment's page explains how it reads that").toBe(
    "/sites/shop/environments/live?as_of=10+February",
  );
  expect(await reads("live")).toContain("live: what is there, since when, and who approved it.");
});

test("what is waiting, and for whom", async () => {
  expect(await reads("what waits for Marketing")).toContain(
    "1 promotion is waiting for Marketing. Promotion 4, Spring sale demo to live, requested by Ada on 2 Mar, 08:00",
  );
  expect(await reads("what is waiting for testers?")).toContain("Nothing is waiting for Tester.");
  expect(await reads("what waits for the pope")).toContain('There is no role "the pope".');
  expect((await w.as("mara").get(path("what waits for me"))).headers.get("location")).toBe("/sites/shop/approvals");
});

describe("words", () => {
  test("find pages, releases, promotions, events and notes, each under a heading", async () => {
    const text = await reads("sale");
    expect(text).toContain(
      "Pages and software Show on the board Pages and software found, with their versions now Page or software beta demo live /sale v33 since 2 Mar, 08:00",
    );
    expect(text).toContain(
      "Releases 2 Mar, 08:00 Release 2, Spring sale, created by Ada 2 Feb, 09:00 Release 1, Winter sale",
    );
    expect(text).toContain("Promotion 4, Spring sale demo to live waiting");
    expect(text).toContain("Activity 2 Mar, 08:00 Ada requested promotion 4: Spring sale from demo to live.");
  });

  test.each(["grossere", "GRÖSSERE änderung", "muller", '"änderung für"', "für mül"])(
    "a note with umlauts is found by %s",
    async (q) => {
      expect(await reads(q)).toContain("Größere Änderung für Müller Cleo recorded deployment 5 on live");
    },
  );

  test("of what was never recorded in an environment do not claim that it is not there, like the board", async () => {
    expect(await reads("checkout-service")).toContain(
      "checkout-service 3.4.1 since 2 Feb, 09:00 not deployed not deployed",
    );
    expect(await reads("terms")).toContain(
      "/terms v7 since 2 Feb, 09:00 never recorded v7 since 2 Mar, 08:00 out of band",
    );
  });

  test("in quotes are next to each other, in this order", async () => {
    expect(await reads('"für Änderung"')).toContain("No results for");
  });

  test("of a comment, a reason, a title and a new title are found as soon as they are recorded", async () => {
    await decide(w.db, await w.by("mara"), w.site, 4, {
      decision: "reject",
      digest: await digestOf(4),
      comment: "The zebra looks away",
    });
    expect(await reads("zebra")).toContain("The zebra looks away Mara rejected promotion 4");
    await w
      .token("contributor")
      .then((cleo) => cleo.post("/sites/shop/environments/beta/deployments", titled("Bargains")));
    expect(await reads("bargains")).toContain("/terms Bargains v7");
    await w
      .token("contributor")
      .then((cleo) => cleo.post("/sites/shop/environments/beta/deployments", titled("Clearance", "v8")));
    expect(await reads("clearance")).toContain("/terms Bargains v8");
    // the version before, which is still on live, has the other title
    expect(await reads("bargains")).toContain("/terms Bargains v8");
  });

  test("recorded on one site are not found on another", async () => {
    expect(words(await (await w.as("oskar").get("/sites/elsewhere/search?q=sale")).text())).toContain("No results for");
  });

  test("of a refused deployment are not found", async () => {
    const cleo = await w.token("contributor");
    const refused = await cleo.post("/sites/shop/environments/beta/deployments", {
      placements: [
        { kind: "page", key: "/giraffe", version: "v1" },
        { kind: "page", key: "nope", version: "v1" },
      ],
    });
    expect(refused.status).toBe(422);
    expect(await reads("giraffe")).toContain("No results for");
  });
});

test("results are paged by twenty", async () => {
  await w.record(
    "beta",
    Array.from({ length: 45 }, (_, i) => `/docs/page-${String(i).padStart(2, "0")} v1`),
  );
  const seen: string[] = [];
  let next: string | undefined = path("docs");
  while (next) {
    const page: string = await (await w.as("vera").get(next)).text();
    seen.push(...[...page.matchAll(/page\?key=[^"]*"><bdi>(\/docs\/page-\d\d)</g)].map(([, key]) => key as string));
    next = /<a class="button" rel="next" href="([^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
  }
  expect(seen).toHaveLength(45);
  expect(new Set(seen).size).toBe(45);
});

test.each([
  "<script>alert(1)</script>",
  "'; drop table events; --",
  '"',
  '""" AND',
  "NEAR(a b, 3)",
  "sale AND",
  "NOT sale*",
  "a:b {x} ^y (z",
  "words:sale",
  "sale:* & | ! <->",
  "\\",
  "%_",
  "🎉🎉",
  "\u0000sale",
  "é".repeat(2000),
  "x ".repeat(1000),
  "where is",
  "who approved ???",
  "what changed on live since",
])("%j breaks nothing", async (q) => {
  const response = await w.as("vera").get(path(q));
  expect(response.status).toBe(200);
  expect(await response.text()).not.toContain("<script>alert");
});

test("an outsider gets a 404, and a signed-out user the sign-in page", async () => {
  expect((await w.as("oskar").get(path("sale"))).status).toBe(404);
  expect((await w.as("nobody").get(path("sale"))).headers.get("location")).toContain("/sign-in");
});

test("an empty search, and one without results, suggest questions", async () => {
  for (const q of ["", "zzzz"]) {
    const page = await (await w.as("vera").get(path(q))).text();
    expect(words(page)).toContain("where is /terms who approved /terms what changed on live since Monday");
    expect(words(page)).toContain("what is waiting for Marketing");
  }
  expect(words(await (await w.as("oskar").get("/sites/elsewhere/search")).text())).toContain("Try asking");
});

test("the search field of every page opens the search", async () => {
  const page = await (await w.as("vera").get("/sites/shop")).text();
  expect(page).toMatch(/<form role="search" action="\/sites\/shop\/search">.*name="q".*data-key="\/"/);
});

test("a correction is found by its reason, and answers follow it", async () => {
  const correction = { deployment: 5, kind: "page" as const, key: "/terms", reason: "It was the giraffe page" };
  await correct(w.db, await w.by("ada"), w.site, correction);
  expect(await reads("giraffe")).toContain("It was the giraffe page");
  expect(await reads("where is /terms")).toContain("not recorded on live");
  expect(await reads("who approved /terms")).toContain("Nobody: /terms has never been recorded on live.");
});

test("what was recorded before there was a search is found like what is recorded since", async () => {
  const entries = () =>
    w.db
      .selectFrom("search_entries")
      .select(["site_id", "kind", "ref", "words"])
      .orderBy("site_id")
      .orderBy("kind")
      .orderBy("ref")
      .execute();
  const before = await entries();
  await sql`drop table search_entries`.execute(w.db);
  if (!isPostgres(w.db)) await sql`drop table search_words`.execute(w.db);
  await up(w.db);
  expect(await entries()).toEqual(before);
  expect(await reads("änderung")).toContain("Größere Änderung für Müller");
});

test("every artifact and event is in the index", async () => {
  const entries = await w.db
    .selectFrom("search_entries")
    .select(["kind", "ref"])
    .where("site_id", "=", w.site.id)
    .execute();
  const artifacts = await w.db.selectFrom("artifacts").select("id").where("site_id", "=", w.site.id).execute();
  const events = await w.db.selectFrom("events").selectAll().where("site_id", "=", w.site.id).execute();
  const expected = [
    ...artifacts.map(({ id }) => `artifact ${id}`),
    ...events
      .flatMap((event) => eventEntries({ ...event, details: JSON.parse(event.details) }))
      .map(({ kind, ref }) => `${kind} ${ref}`),
  ];
  expect(entries.map(({ kind, ref }) => `${kind} ${ref}`).sort()).toEqual(expected.sort());
});

const titled = (title: string, version = "v7") => ({ placements: [{ kind: "page", key: "/terms", version, title }] });

async function digestOf(number: number): Promise<string> {
  const row = await w.db
    .selectFrom("promotions")
    .select("digest")
    .where("number", "=", number)
    .executeTakeFirstOrThrow();
  return row.digest;
}

test("a time in an event is not one of its words, whatever its detail is called", () => {
  const details = { note: "By Friday", deadline: "2026-03-06T17:00:00.000Z", to: "live" };
  const [event] = eventEntries({ seq: 1, action: "promotion_asked", subject: "promotion 1", details });
  expect(event?.text).toBe("promotion asked promotion 1 live");
});

describe("asking as people speak", () => {
  test("a page is found by its title, or by the words of its path", async () => {
    await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), {
      placements: [{ kind: "page", key: "/agb", version: "v1", title: "Terms of Trade" }],
    });
    expect(await reads("where is the sale page")).toContain("/sale v33 on beta");
    expect(await reads("where is the Terms of trade page?")).toContain("/agb Terms of Trade v1 on beta");
    expect(await reads("who approved the sale page on live in February")).toContain(
      "Mara (Marketing) approved /sale v31",
    );
    expect(await reads("who approved /terms on live in October")).toContain(
      "/terms had never been recorded on live by then",
    );
  });

  test("of several pages that the words match, one has to be named", async () => {
    await w.record("beta", ["/legal/privacy v1", "/help/privacy v1", "/privacy/cookies v1"]);
    const answer = await reads("who approved the privacy page");
    expect(answer).toContain(
      "There are several pages or software items for “privacy”. Ask again with the path or name of one.",
    );
    expect(answer).toContain("/legal/privacy");
    expect(answer).not.toContain("Nothing has all of these words");
    expect(await reads("where is the cookies page")).toContain("/privacy/cookies v1 on beta");
  });

  test("what a role or a person approved is listed, newest first", async () => {
    expect(await reads("what did Marketing approve")).toContain(
      "Approved by Marketing: Promotion 2, Winter sale for live, by Mara on 2 Feb, 09:00",
    );
    expect(await reads("what has theo approved?")).toMatch(
      /Approved by Theo: Promotion 3, Spring sale for demo.*Promotion 1/,
    );
    expect(await reads("what did Theo approve on live")).toContain("Theo has not approved anything for live.");
    expect(await reads("what did the pope approve")).toContain('There is no role or person "pope" on this site.');
  });

  test("what is out of band leads to the board", async () => {
    const answer = await w.as("vera").get(path("what is out of band"));
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sites/shop?out_of_band=1"]);
  });

  test("words that nothing has all of find what has any of them, which is said", async () => {
    const found = await reads("winter zebra");
    expect(found).toContain("Nothing has all of these words. These results have some of them: ");
    expect(found).toContain("Release 1, Winter sale");
    expect(await reads("winter sale")).not.toContain("Nothing has all");
    expect(await reads("zebra giraffe")).toContain("No results for “zebra giraffe”.");
  });
});
