import { describe, expect, test } from "vitest";
import { tokenize } from "../src/record/search-index.ts";
import { parseQuestion, type Question } from "../src/search/questions.ts";
import { forFts5, forTsquery, parseSearchQuery } from "../src/search/search-query.ts";

const [beta, demo, live] = ["beta", "demo", "live"].map((slug) => ({ id: slug, slug, name: slug })) as [
  Place,
  Place,
  Place,
];

type Place = { id: string; slug: string; name: string };

const roles = [
  { slug: "marketing", name: "Marketing" },
  { slug: "tester", name: "Tester" },
  { slug: "account-manager", name: "Account manager" },
];

// Thursday 12 March 2026, 15:30 in London
const now = "2026-03-12T15:30:00.000Z";

const site = { environments: [beta, demo, live], time_zone: "Europe/London", roles };

const day = (date: string) => `${date}T00:00:00.000Z`;

const where = (what: string, at?: string): Question => ({ asks: "where", what, ...(at && { at }) });

const who = (what: string, environment = live, at?: string): Question => ({
  asks: "who",
  what,
  environment,
  ...(at && { at }),
});

const when = (what: string, environment = live): Question => ({ asks: "when", what, environment });

const changed = (from: string, until?: string, environment = live): Question => ({
  asks: "changed",
  environment,
  from: day(from),
  ...(until && { until: new Date(Date.parse(day(until)) - 1).toISOString() }),
});

describe("a question as users type it", () => {
  test.each<[string, Question]>([
    ["/sale", where("/sale")],
    ["  /sale/shoes?  ", where("/sale/shoes")],
    ["/sale on live", where("/sale")],
    ["https://www.shop.example/sale", where("https://www.shop.example/sale")],
    ["where is /sale", where("/sale")],
    ["WHERE IS /sale?!", where("/sale")],
    ["where’s checkout-service", where("checkout-service")],
    ["which version of /sale is on live", where("/sale")],
    ["what's the version of checkout-service on demo?", where("checkout-service")],
    ["where was /sale on 3 March 14:00", where("/sale", "2026-03-03T14:00:00.000Z")],
    ["where was /sale yesterday", where("/sale", day("2026-03-11"))],

    ["who approved /terms", who("/terms")],
    ["Who has approved /terms on the demo site?", who("/terms", demo)],
    ["who signed off on checkout-service on demo", who("checkout-service", demo)],
    ["who approved /terms on live on 3 March 14:00", who("/terms", live, "2026-03-03T14:00:00.000Z")],

    ["when did /sale change on live", when("/sale")],
    ["when did /sale go live", when("/sale")],
    ["when was /sale last changed", when("/sale")],
    ["when was /old removed from beta?", when("/old", beta)],

    ["what changed on live since Monday", changed("2026-03-09")],
    ["what changed since monday on live?", changed("2026-03-09")],
    ["What has changed on demo since 3 March", changed("2026-03-03", undefined, demo)],
    ["what changed today", changed("2026-03-12")],
    ["what's new on live yesterday", changed("2026-03-11", "2026-03-12")],
    ["what changed on live since yesterday", changed("2026-03-11")],
    ["what changed on 3 March", changed("2026-03-03", "2026-03-04")],
    ["changes on beta on Tuesday", changed("2026-03-10", "2026-03-11", beta)],
    ["what changed this week", changed("2026-03-09")],
    ["what changed last week on live", changed("2026-03-02", "2026-03-09")],
    ["what changed since last week", changed("2026-03-02")],
    ["what changed last month", changed("2026-02-01", "2026-03-01")],
    ["what changed on live", changed("2026-03-05")],
    ["what changed in the last 3 days", { ...changed("2026-03-09"), from: "2026-03-09T15:30:00.000Z" } as Question],
    ["what changed since 2 hours ago", { ...changed("2026-03-12"), from: "2026-03-12T13:30:00.000Z" } as Question],
    ["what changed since 2026-03-03 14:00", { ...changed("2026-03-03"), from: "2026-03-03T14:00:00.000Z" } as Question],

    ["what was on live on 3 March 14:00", { asks: "past contents", environment: live, at: "2026-03-03T14:00:00.000Z" }],
    ["what was on live yesterday 9:00?", { asks: "past contents", environment: live, at: "2026-03-11T09:00:00.000Z" }],
    ["which pages were on demo on 3 March", { asks: "past contents", environment: demo, at: "3 March" }],
    ["what is on live", { asks: "contents", environment: live }],
    ["what's on demo now?", { asks: "contents", environment: demo }],
    ["Live", { asks: "contents", environment: live }],

    ["who approved /terms on live in February", who("/terms", live, "2026-02-28T23:59:59.999Z")],
    ["who approved /terms in October", who("/terms", live, "2025-10-31T23:59:59.999Z")],
    ["who approved /terms in March", who("/terms", live, now)],
    ["who approved the terms", who("the terms")],
    ["where is the sale page", where("the sale page")],
    ["where was the sale page on 3 March 14:00", where("the sale page", "2026-03-03T14:00:00.000Z")],
    ["where is the page on returns", where("the page on returns")],

    ["what did Marketing approve", { asks: "approved", whom: "Marketing" }],
    ["what has Mara approved on live?", { asks: "approved", whom: "Mara", environment: live }],
    ["what is out of band", { asks: "out of band" }],
    ["what's out of band on live?", { asks: "out of band" }],

    ["what waits", { asks: "waiting" }],
    ["what waits for Marketing", { asks: "waiting", role: roles[0] as never }],
    ["what is waiting for testers?", { asks: "waiting", role: roles[1] as never }],
    ["what waits for the account manager", { asks: "waiting", role: roles[2] as never }],
    ["what does marketing have to approve", { asks: "waiting", role: roles[0] as never }],
    ["what waits for me", { asks: "waiting", mine: true }],

    ["spring sale", { asks: "nothing" }],
    ["checkout-service", { asks: "nothing" }],
    ["what a day", { asks: "nothing" }],
    ["who is Mara", { asks: "nothing" }],
    ["who approved", { asks: "nothing" }],
    ["", { asks: "nothing" }],
    ["?", { asks: "nothing" }],
  ])("%s", (text, question) => {
    expect(parseQuestion(text, site, now)).toEqual(question);
  });

  test.each([
    "what changed since blursday",
    "what was on live in 2040",
    "where was /sale on the moon",
    "what waits for the pope",
  ])("%s: the answer names what is not understood", (text) => {
    expect(parseQuestion(text, site, now)).toEqual({ asks: "unclear", sentence: expect.stringMatching(/\.$/) });
  });

  test("days begin at midnight in the site's time zone, also before clocks changed", () => {
    const summer = "2026-03-31T12:00:00.000Z";
    expect(parseQuestion("what changed since yesterday", site, summer)).toMatchObject({
      from: "2026-03-29T23:00:00.000Z",
    });
    expect(parseQuestion("what changed on 28 March", site, summer)).toMatchObject({
      from: "2026-03-28T00:00:00.000Z",
      until: "2026-03-28T23:59:59.999Z",
    });
  });

  test("a site without environments can still be asked where something is", () => {
    const empty = { ...site, environments: [] };
    expect(parseQuestion("what changed on live since Monday", empty, now)).toEqual({ asks: "nothing" });
    expect(parseQuestion("where is /sale", empty, now)).toEqual(where("/sale"));
  });

  test("environments are known by their names, too, whatever characters they contain", () => {
    const named = { ...site, environments: [beta, { id: "x", slug: "live", name: "Customers (EU)" }] };
    expect(parseQuestion("what is on Customers (EU)?", named, now)).toMatchObject({
      asks: "contents",
      environment: { slug: "live" },
    });
  });

  test("a long text full of spaces and punctuation is read without delay", () => {
    for (const text of [
      "what changed ".repeat(200),
      `where is ${" a".repeat(1000)}`,
      "who approved ".repeat(150),
      "?".repeat(2000),
    ])
      expect(parseQuestion(text, site, now).asks).toBeTypeOf("string");
  });
});

describe("words", () => {
  test.each([
    ["Größere Änderung für Müller", "grossere anderung fur muller"],
    ["/sale/winter-shoes", "sale winter shoes"],
    ["Ærø, Łódź, Þór, İstanbul, ½", "aero lodz thor istanbul 1 2"],
    ["версия 3.4.1 日本語", "версия 3 4 1 日本語"],
    ["🎉 — !", ""],
  ])("%s is stored as %s", (text, stored) => {
    expect(tokenize(text).join(" ")).toBe(stored);
  });

  test.each([
    ["spring sal", '"spring" AND "sal"*', "('spring') & ('sal':*)"],
    ['"spring sale" mar', '"spring sale" AND "mar"*', "('spring' <-> 'sale') & ('mar':*)"],
    ['mara "spring sale"', '"mara" AND "spring sale"', "('mara') & ('spring' <-> 'sale')"],
    ['"spring sal', '"spring" AND "sal"*', "('spring') & ('sal':*)"],
    ["a' OR 1=1 --", '"a" AND "or" AND "1" AND "1"*', "('a') & ('or') & ('1') & ('1':*)"],
  ])("%s is searched for as %s and as %s", (text, fts5, tsquery) => {
    const query = parseSearchQuery(text);
    expect(forFts5(query, "0-1", "note")).toBe(`scope : "01note" AND words : (${fts5})`);
    expect(forTsquery(query)).toBe(tsquery);
  });
});
