import { parseFeed } from "@rowanmanning/feed-parser";
import ICAL from "ical.js";
import { SaxesParser } from "saxes";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import { escapeText, foldLine } from "../src/feeds/icalendar.ts";
import { endFreeze, setFreeze } from "../src/freezes/freezes.ts";
import { verify } from "../src/integrity/verify.ts";
import { cancel, decide, promotionOf, requestPromotion } from "../src/promotions/promotions.ts";
import { schedulePromotion } from "../src/promotions/schedule.ts";
import { noPlan } from "../src/promotions/schedule-rules.ts";
import { setGate } from "./support/gates.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const page = "/sites/shop/feeds";
const changesOnLive = { what: "environment:live", about: "", name: "" };
const calendar = { what: "calendar:", about: "", name: "" };

/** The path of a secret address that this person creates on the page. */
async function addressOf(who: Name, fields: Record<string, string>): Promise<string> {
  const created = await w.as(who).post(page, { about: "", name: "", ...fields });
  expect(created.status).toBe(201);
  return /class="secret"[^>]*>http:\/\/sitebook\.test(\/feeds\/[^<]*)</.exec(await created.text())?.[1] ?? "";
}

/** A program, which has no cookies. */
const read = (path: string, headers: Record<string, string> = {}) =>
  w.app.request(`http://sitebook.test${path}`, { headers });

const textOf = async (path: string) => {
  const response = await read(path);
  expect(response.status).toBe(200);
  return response.text();
};

/** Throws if it is no well-formed XML. */
function wellFormed(xml: string): string {
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(xml).close();
  return xml;
}

/** What the elements with this name contain, exactly: the feed reader decodes entities twice. */
function textsOf(xml: string, name: string): string[] {
  const texts: string[] = [];
  const parser = new SaxesParser();
  let inside = "";
  parser.on("opentag", (tag) => {
    inside = tag.name;
    if (inside === name) texts.push("");
  });
  parser.on("text", (text) => {
    if (inside === name) texts.push((texts.pop() ?? "") + text);
  });
  parser.on("closetag", () => {
    inside = "";
  });
  parser.write(xml).close();
  return texts;
}

const feedAt = async (path: string) => parseFeed(wellFormed(await textOf(path)));

function eventsIn(text: string) {
  const component = new ICAL.Component(ICAL.parse(text));
  return component.getAllSubcomponents("vevent").map((event) => new ICAL.Event(event));
}
const summariesAt = async (path: string) => eventsIn(await textOf(path)).map(({ summary }) => summary);

/** A release of twelve pages that Mara approved for live. */
async function campaignOnLive() {
  const lines = Array.from({ length: 12 }, (_, i) => `/sale/part-${String(i).padStart(2, "0")} v1`);
  await w.record("beta", [...lines, "checkout 3.4.1"]);
  const { number } = await w.release("Spring campaign");
  await w.promote(number, "demo");
  await w.promote(number, "live");
}

describe("a secret address", () => {
  test("is shown once, stored as a hash, and recorded in the history without its secret", async () => {
    const path = await addressOf("vera", { ...changesOnLive, name: "Reader of Vera" });
    expect(path).toMatch(/^\/feeds\/sbf_[\w-]{43}\.atom$/);
    const secret = path.slice(7, -5);

    const list = await (await w.as("vera").get(page)).text();
    expect(list).toMatch(/Changes on live.*Reader of Vera.*never/s);
    const tables = ["feeds", "events", "intents", "search_entries"] as const;
    const stored = await Promise.all(tables.map((table) => w.db.selectFrom(table).selectAll().execute()));
    expect(JSON.stringify(stored) + list).not.toContain(secret.slice(4));
    const history = await (await w.as("ada").get("/sites/shop/history")).text();
    expect(history).toMatch(/Vera.*created a secret address for.*Changes on live/s);
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  });

  test("says when it was used last, and counts a use in ten minutes", async () => {
    const path = await addressOf("vera", changesOnLive);
    const usedAt = async () => (await w.db.selectFrom("feeds").select("used_at").executeTakeFirstOrThrow()).used_at;
    await read(path);
    expect(await usedAt()).toBe("2026-03-03T10:00:00.000Z");
    w.clock.at = "2026-03-03T10:09:00.000Z";
    await read(path);
    expect(await usedAt()).toBe("2026-03-03T10:00:00.000Z");
    w.clock.at = "2026-03-03T10:11:00.000Z";
    await read(path);
    expect(await usedAt()).toBe("2026-03-03T10:11:00.000Z");
    expect(await (await w.as("vera").get(page)).text()).toContain('datetime="2026-03-03T10:11:00.000Z"');
  });

  test("finds nothing once its creator has revoked it", async () => {
    const path = await addressOf("vera", changesOnLive);
    const { id } = await w.db.selectFrom("feeds").select("id").executeTakeFirstOrThrow();
    expect((await w.as("ada").post(`${page}/${id}/revocation`)).status).toBe(404);
    expect((await read(path)).status).toBe(200);

    const after = await (await w.as("vera").submit(`${page}/${id}/revocation`)).text();
    expect(after).toContain("Address revoked: Changes on live.");
    expect(after).toContain("No address yet.");
    expect((await read(path)).status).toBe(404);
  });

  test("is seen and revoked by an administrator, who is not shown its secret", async () => {
    const path = await addressOf("vera", calendar);
    const list = await (await w.as("iris").get(page)).text();
    expect(list).toMatch(/Calendar.*Vera/s);
    const revocation = /action="([^"]*\/revocation)"/.exec(list)?.[1] ?? "";
    await w.as("iris").submit(revocation);
    expect((await read(path)).status).toBe(404);
    expect(
      (
        await w
          .as("ada")
          .get(page)
          .then((response) => response.text())
      ).includes("Vera"),
    ).toBe(false);
  });

  test("finds nothing while its creator has no role on the site", async () => {
    const path = await addressOf("vera", calendar);
    await w.db.deleteFrom("memberships").where("person_id", "=", w.people.vera.id).execute();
    expect((await read(path)).status).toBe(404);
    expect(await (await w.as("iris").get(page)).text(), "an administrator can still revoke it").toContain("Vera");
  });

  test("cannot be created by somebody without a role on the site", async () => {
    expect((await w.as("oskar").post(page, changesOnLive)).status).toBe(404);
    const signedOut = await w.as("nobody").get(page);
    expect(signedOut.headers.get("location")).toContain("/sign-in");
  });

  test("opens nothing else, sets no cookie, and is read with any cookies", async () => {
    const path = await addressOf("vera", changesOnLive);
    const response = await read(path, { cookie: "sitebook=wrong", authorization: "Bearer wrong" });
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([]);
    const secret = path.slice(7, -5);
    const others = [
      `/feeds/${secret}.ics`,
      `/feeds/${secret}.svg`,
      `/feeds/${secret}`,
      `${path}/..%2f`,
      "/feeds",
      "/feeds/",
    ];
    for (const other of others) expect((await read(other)).status, other).toBe(404);
    const headers = { authorization: `Bearer ${secret}` };
    expect((await read("/api/v1/sites/shop/environments", headers)).status).toBe(401);
    const posted = await w.app.request(`http://sitebook.test${path}`, { method: "POST" });
    expect(posted.status).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ["an unknown secret", `sbf_${"x".repeat(43)}.atom`],
    ["a long one", `sbf_${"x".repeat(4000)}.atom`],
    ["none", ".atom"],
  ])("%s finds nothing", async (_, file) => {
    expect((await read(`/feeds/${file}`)).status).toBe(404);
  });

  test.each([
    [{ what: "" }, 422, "Select what the address shows."],
    [{ what: "environment:" }, 422, "Select what the address shows."],
    [
      { what: "badge_software:live", about: "nothing" },
      422,
      "Enter the name of software that is recorded on this site.",
    ],
    [{ what: "badge_promotion:", about: "12" }, 422, "Enter the number of a promotion of this site."],
    [{ what: "badge_promotion:", about: "99999999999" }, 422, "Enter the number of a promotion of this site."],
    [{ what: "calendar:", name: "a\u0000b" }, 422, "A name cannot contain control characters"],
  ])("%j is refused beside its field", async (fields, status, sentence) => {
    const refused = await w.as("vera").post(page, { about: "", name: "", ...fields });
    expect(refused.status).toBe(status);
    expect(await refused.text()).toContain(sentence);
  });

  test("is refused to a person who has fifty of them", async () => {
    for (let i = 0; i < 50; i++) await addressOf("vera", calendar);
    const refused = await w.as("vera").post(page, calendar);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("You have 50 addresses on this site. Revoke one first.");
    expect((await w.as("ada").post(page, calendar)).status).toBe(201);
  });
});

describe("a program that asks again", () => {
  test("is answered with 304 until something changes", async () => {
    await campaignOnLive();
    const path = await addressOf("vera", changesOnLive);
    w.clock.at = "2026-03-03T11:00:00.000Z";
    const first = await read(path);
    const etag = first.headers.get("etag") ?? "";
    const modified = first.headers.get("last-modified") ?? "";
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    expect(modified).toBe("Tue, 03 Mar 2026 10:00:00 GMT");
    for (const headers of [
      { "if-none-match": etag },
      { "if-none-match": `"other", ${etag.slice(2)}` },
      { "if-modified-since": modified },
    ] as Record<string, string>[]) {
      const again = await read(path, headers);
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    expect((await read(path, { "if-none-match": '"other"', "if-modified-since": modified })).status).toBe(200);

    await w.record("live", ["/about v2"]);
    for (const headers of [{ "if-none-match": etag }, { "if-modified-since": modified }] as Record<string, string>[])
      expect((await read(path, headers)).status).toBe(200);
  });

  test("is told no time while more may happen in the same second", async () => {
    const path = await addressOf("vera", changesOnLive);
    expect((await read(path)).headers.get("last-modified")).toBeNull();
  });

  test("may ask for the headers alone", async () => {
    const path = await addressOf("vera", calendar);
    const head = await w.app.request(`http://sitebook.test${path}`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
  });
});

describe("the feed of an environment", () => {
  test("tells a feed reader what went live, with the first ten pages and who approved it", async () => {
    await campaignOnLive();
    const path = await addressOf("vera", changesOnLive);
    const response = await read(path);
    expect(response.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
    const feed = parseFeed(wellFormed(await response.text()));

    expect(feed.meta).toMatchObject({ type: "atom", version: "1.0" });
    expect(feed.title).toBe("Fennel & Co: changes on live");
    expect(feed.self).toBe(`http://sitebook.test${path}`);
    expect(feed.url).toBe("http://sitebook.test/sites/shop/environments/live");
    expect(feed.items).toHaveLength(1);
    const [item] = feed.items;
    expect(item?.title).toBe("Spring campaign: 13 changes");
    expect(item?.url).toMatch(/^http:\/\/sitebook\.test\/sites\/shop\/deployments\/\d+$/);
    expect(item?.published?.toISOString()).toBe("2026-03-03T10:00:00.000Z");
    expect(item?.authors[0]?.name).toBe("Ada");
    const content = item?.content ?? "";
    expect(content.match(/<li>/g)).toHaveLength(10);
    expect(content).toContain("<li>/sale/part-00: v1</li>");
    expect(content).toContain("And 3 more changes.");
    expect(content).toContain("Approved by Mara (Marketing).");
    expect(content).toContain('<a href="http://sitebook.test/sites/shop/promotions/2">promotion 2</a>');
  });

  test("has versions before and after, removals, what was out of band, and corrections since", async () => {
    await w.record("live", ["/sale v1", "/old v1"], { effective_at: "2026-03-01T10:00:00.000Z" });
    await w.record("live", ["/sale v2", "-/old"], { effective_at: "2026-03-02T10:00:00.000Z", note: "By hand" });
    const path = await addressOf("vera", changesOnLive);
    const before = await feedAt(path);
    expect(before.items.map(({ title }) => title)).toEqual([
      "Deployment 2: 2 changes, out of band",
      "Deployment 1: 2 changes, out of band",
    ]);
    expect(before.items[0]?.content).toContain("<li>/sale: v1 → v2</li>");
    expect(before.items[0]?.content).toContain("<li>/old: v1 removed</li>");
    expect(before.items[0]?.content).toContain("By hand");
    expect(before.items[0]?.content).toContain("Nobody approved it.");

    w.clock.at = "2026-03-03T12:00:00.000Z";
    const line = { deployment: 2, kind: "page" as const, key: "/sale", reason: "Wrong" };
    await correct(w.db, await w.by("ada"), w.site, line);
    const after = await feedAt(path);
    expect(after.items[0]?.content).toContain("corrected since");
    expect(after.items[0]?.id).toBe(before.items[0]?.id);
    expect(after.items[0]?.updated?.toISOString()).toBe("2026-03-03T12:00:00.000Z");
    expect(after.updated?.toISOString()).toBe("2026-03-03T12:00:00.000Z");
  });

  test("has the newest fifty, and is valid when it has none", async () => {
    const path = await addressOf("vera", { what: "environment:beta" });
    expect((await feedAt(path)).items).toEqual([]);
    for (let i = 0; i < 53; i++) {
      const effective_at = `2026-02-01T10:${String(i).padStart(2, "0")}:00.000Z`;
      await w.record("beta", [`/sale v${i}`], { effective_at });
    }
    const { items } = await feedAt(path);
    expect(items).toHaveLength(50);
    expect(items[0]?.title).toContain("Deployment 53:");
    expect(new Set(items.map(({ id }) => id)).size).toBe(50);
  });

  test("shows hostile names as they are", async () => {
    const hostile = 'x]]><script>alert("1")</script>&amp; 🎉 שלום עולם';
    await w.record("beta", ["/sale v1"]);
    await w.release(hostile);
    await w.promote(1, "demo");
    await w.record("demo", ["/sale v2"], { note: "<b>bold</b> ]]> ￾\u202e" });
    const path = await addressOf("vera", { what: "environment:demo", name: hostile });
    const { items } = await feedAt(path);
    expect(items).toHaveLength(2);
    const xml = await textOf(path);
    expect(textsOf(xml, "title")).toContain(`${hostile}: 1 change`);
    expect(textsOf(xml, "content").join()).toContain("&lt;b&gt;bold&lt;/b&gt; ]]&gt;");
  });
});

describe("the calendar", () => {
  const weekly = {
    from: "2026-03-20T22:00:00.000Z",
    until: "2026-03-21T06:00:00.000Z",
    recurrence: "FREQ=WEEKLY;BYDAY=FR;COUNT=3",
    reason: "Warehouse, deliveries; night\\shift",
  };

  test("has each window of a recurring freeze in UTC, at the same time of the clock when clocks change", async () => {
    await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), weekly);
    const path = await addressOf("vera", calendar);
    const events = eventsIn(await textOf(path));
    expect(
      events.map(({ startDate, endDate }) => [startDate, endDate].map((at) => at.toJSDate().toISOString())),
    ).toEqual([
      ["2026-03-20T22:00:00.000Z", "2026-03-21T06:00:00.000Z"],
      // British Summer Time begins on 29 March
      ["2026-03-27T22:00:00.000Z", "2026-03-28T06:00:00.000Z"],
      ["2026-04-03T21:00:00.000Z", "2026-04-04T05:00:00.000Z"],
    ]);
    expect(events[0]?.startDate.zone).toBe(ICAL.Timezone.utcTimezone);
    expect(events[0]?.summary).toBe("live is frozen: Warehouse, deliveries; night\\shift");
    expect(new Set(events.map(({ uid }) => uid)).size).toBe(3);

    w.clock.at = "2026-03-28T12:00:00.000Z";
    await endFreeze(w.db, await w.by("iris"), w.site, 1, "Done");
    const after = eventsIn(await textOf(path));
    expect(after.map(({ uid }) => uid)).toEqual(events.slice(0, 2).map(({ uid }) => uid));
    expect(after[0]?.sequence).toBe(1);
  });

  test("shows a freeze without an end for a week from today", async () => {
    await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), { reason: "Audit" });
    const path = await addressOf("vera", calendar);
    w.clock.at = "2026-03-10T15:00:00.000Z";
    const [event] = eventsIn(await textOf(path));
    expect(event?.endDate.toJSDate().toISOString()).toBe("2026-03-17T00:00:00.000Z");
    expect(event?.description).toContain("It lasts until somebody ends it.");
  });

  test("has a campaign with its plan and the approval that is due, until it is over", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.record("demo", ["/sale v0"], { baseline: true });
    await w.release("Spring", ["/sale"]);
    const plan = { ...noPlan, go_live_at: "2026-03-05T22:00:00.000Z", take_down_at: "2026-03-29T08:00:00.000Z" };
    const restored = { ...plan, take_down: "restore" as const };
    await requestPromotion(w.db, await w.by("ada"), w.site, { release: 1, to: "demo", plan: restored });
    const path = await addressOf("vera", calendar);
    const events = eventsIn(await textOf(path));
    expect(events.map(({ summary, startDate }) => [startDate.toJSDate().toISOString(), summary])).toEqual([
      ["2026-03-05T22:00:00.000Z", "Approval due from Tester: Spring"],
      ["2026-03-05T22:00:00.000Z", "Campaign on demo: Spring"],
      ["2026-03-05T22:00:00.000Z", "Planned for demo: Spring"],
      ["2026-03-29T08:00:00.000Z", "Planned take-down on demo: Spring"],
    ]);
    expect(events[1]?.endDate.toJSDate().toISOString()).toBe("2026-03-29T08:00:00.000Z");

    const { digest } = await promotionOf(w.db, w.site, 1);
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    w.clock.at = "2026-03-04T10:00:00.000Z";
    await schedulePromotion(w.db, await w.by("ada"), w.site, 1, {
      ...restored,
      go_live_at: "2026-03-06T22:00:00.000Z",
    });
    const moved = eventsIn(await textOf(path));
    expect(moved.map(({ summary }) => summary)).not.toContain("Approval due from Tester: Spring");
    const planOf = (list: typeof events) => list.find(({ summary }) => summary === "Planned for demo: Spring");
    expect(planOf(moved)?.uid).toBe(planOf(events)?.uid);
    expect(planOf(moved)?.sequence).toBe(1);
    expect(planOf(moved)?.startDate.toJSDate().toISOString()).toBe("2026-03-06T22:00:00.000Z");

    await cancel(w.db, await w.by("ada"), w.site, 1, "Too late");
    expect(await summariesAt(path)).toEqual([]);
  });

  test("has when promotions and approvals expire", async () => {
    await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], promotion_days: 14, approval_days: 3 });
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring", ["/sale"]);
    const { digest } = await w.ask(1, "demo");
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    const events = eventsIn(await textOf(await addressOf("vera", calendar)));
    expect(events.map(({ summary, startDate }) => [startDate.toJSDate().toISOString(), summary])).toEqual([
      ["2026-03-06T10:00:00.000Z", "Approval by Theo expires: Spring"],
      ["2026-03-17T10:00:00.000Z", "Expires: Spring"],
    ]);
  });

  test("is the same text as long as nothing changes, and has what the standard requires", async () => {
    await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), weekly);
    const path = await addressOf("vera", calendar);
    const text = await textOf(path);
    w.clock.at = "2026-03-03T17:00:00.000Z";
    expect(await textOf(path)).toBe(text);

    expect(text.split("\r\n").join("").includes("\n"), "lines end with CR and LF").toBe(false);
    const [component] = [new ICAL.Component(ICAL.parse(text))];
    expect(component.getFirstPropertyValue("version")).toBe("2.0");
    expect(component.getFirstPropertyValue("prodid")).toBeTruthy();
    for (const event of component.getAllSubcomponents("vevent"))
      for (const name of ["uid", "dtstamp", "dtstart"]) expect(event.getAllProperties(name)).toHaveLength(1);
  });

  test("is valid without an event: a calendar needs a component", async () => {
    const component = new ICAL.Component(ICAL.parse(await textOf(await addressOf("vera", calendar))));
    expect(component.getAllSubcomponents().map(({ name }) => name)).toEqual(["vtimezone"]);
  });

  test("folds long lines at 75 octets without breaking a character, and escapes hostile names", async () => {
    const reason = `BEGIN:VEVENT\\n ]]> ; , " ${"🎉é".repeat(60)} DTSTART:19700101T000000Z`;
    await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), { reason });
    const text = await textOf(await addressOf("vera", calendar));
    const lengths = text.split("\r\n").map((line) => Buffer.byteLength(line));
    expect(Math.max(...lengths)).toBe(75);
    const events = eventsIn(text);
    expect(events.map(({ summary }) => summary)).toEqual([`live is frozen: ${reason}`]);
    expect(text).not.toContain("\ufffd");
  });
});

test("a line of a calendar is folded only where it must be", () => {
  const line = "x".repeat(75);
  expect(foldLine(line)).toBe(line);
  expect(foldLine(`${line}y`)).toBe(`${line}\r\n y`);
  expect(foldLine(`${"x".repeat(74)}é`)).toBe(`${"x".repeat(74)}\r\n é`);
  expect(
    foldLine("y".repeat(75 + 74 + 1))
      .split("\r\n ")
      .map((part) => part.length),
  ).toEqual([75, 74, 1]);
});

test("text in a calendar has no control characters, and its line breaks are escaped", () => {
  expect(escapeText("a\r\nb\rc\nd;e,f\\g\u0007\u0000h\ti")).toBe("a\\nb\\nc\\nd\\;e\\,f\\\\gh\ti");
});

describe("a badge", () => {
  const titleAt = async (path: string) => /<title>(.*?)<\/title>/.exec(wellFormed(await textOf(path)))?.[1];

  test("says when an environment changed last", async () => {
    const path = await addressOf("vera", { what: "badge_environment:live" });
    expect(await titleAt(path)).toBe("live changed: never");
    await campaignOnLive();
    const response = await read(path);
    expect(response.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(await titleAt(path)).toBe("live changed: 3 March 2026, 10:00");
  });

  test("says which version of software an environment has", async () => {
    await w.record("beta", ["checkout 3.4.1"]);
    const path = await addressOf("vera", { what: "badge_software:beta", about: " checkout " });
    expect(await titleAt(path)).toBe("checkout on beta: 3.4.1");
    await w.record("beta", ["checkout 3.5.0"]);
    expect(await titleAt(path)).toBe("checkout on beta: 3.5.0");
    await w.record("beta", ["-checkout"]);
    expect(await titleAt(path)).toBe("checkout on beta: not deployed");
  });

  test("says the state of a promotion", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring", ["/sale"]);
    const { digest } = await w.ask(1, "demo");
    const path = await addressOf("vera", { what: "badge_promotion:", about: "1" });
    expect(await titleAt(path)).toBe("promotion 1 to demo: waiting");
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    expect(await titleAt(path)).toBe("promotion 1 to demo: approved");
  });

  test("with a hostile name is an image all the same", async () => {
    await w.record("beta", [`]]>"'&<svg/onload=x>🎉${"w".repeat(80)} 3.4.1`]);
    const [software] = await w.db.selectFrom("artifacts").select("key").execute();
    const path = await addressOf("vera", { what: "badge_software:beta", about: software?.key ?? "" });
    expect(await titleAt(path)).toContain("]]&gt;&quot;&#39;&amp;&lt;svg/onload=x&gt;🎉");
  });
});
