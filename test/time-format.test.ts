import { describe, expect, test } from "vitest";
import { ago, localInput, longDay, longTime, shortDay, shortTime } from "../src/time/format.ts";
import { time, timeWithAgo } from "../views/parts/time.ts";

const LONDON = "Europe/London";

const now = "2026-11-20T14:10:00.000Z";

describe("a time is shown in the site's time zone", () => {
  test.each([
    ["in winter", "2026-11-19T16:20:00.000Z", "19 Nov, 16:20"],
    ["in summer an hour later", "2026-09-04T09:12:00.000Z", "4 Sep, 10:12"],
    ["at midnight as 00:00", "2026-07-31T23:00:00.000Z", "1 Aug, 00:00"],
    ["last year with its year", "2025-11-19T16:20:00.000Z", "19 Nov 2025, 16:20"],
    ["next year with its year", "2027-01-01T00:00:00.000Z", "1 Jan 2027, 00:00"],
  ])("%s", (_, iso, shown) => {
    expect(shortTime(iso, LONDON, now)).toBe(shown);
  });

  test("the year is the site's own, not Greenwich's", () => {
    const newYearsEve = "2026-12-31T23:30:00.000Z";
    expect(shortTime(newYearsEve, "Asia/Tokyo", newYearsEve)).toBe("1 Jan, 08:30");
    expect(shortTime(newYearsEve, LONDON, "2027-01-01T00:10:00.000Z")).toBe("31 Dec 2026, 23:30");
  });

  test("when the clocks go forward 01:00 to 01:59 is skipped", () => {
    expect(shortTime("2026-03-29T00:59:00.000Z", LONDON, now)).toBe("29 Mar, 00:59");
    expect(shortTime("2026-03-29T01:00:00.000Z", LONDON, now)).toBe("29 Mar, 02:00");
  });

  test("when the clocks go back the two hours are told apart", () => {
    const first = String(time("2026-10-25T00:30:00.000Z", LONDON, now));
    const second = String(time("2026-10-25T01:30:00.000Z", LONDON, now));
    expect(first).toBe('<time datetime="2026-10-25T00:30:00.000Z">25 Oct<i class="year"> 2026</i>, 01:30 BST</time>');
    expect(second).toBe('<time datetime="2026-10-25T01:30:00.000Z">25 Oct<i class="year"> 2026</i>, 01:30 GMT</time>');
    expect(shortDay("2026-10-25T01:30:00.000Z", LONDON, now)).toBe("25 Oct");
  });

  test.each([
    ["2026-10-25T00:59:00.000Z", LONDON, "25 October 2026, 01:59 BST"],
    ["2026-10-25T01:00:00.000Z", LONDON, "25 October 2026, 01:00 GMT"],
    ["2026-10-24T23:59:59.999Z", LONDON, "25 October 2026, 00:59"],
    ["2026-10-25T02:00:00.000Z", LONDON, "25 October 2026, 02:00"],
    ["2026-03-29T01:00:00.000Z", LONDON, "29 March 2026, 02:00"],
    ["2026-11-01T05:30:00.000Z", "America/New_York", "1 November 2026, 01:30 GMT-4"],
    ["2026-04-04T14:45:00.000Z", "Australia/Lord_Howe", "5 April 2026, 01:45 GMT+11"],
    ["2026-04-04T15:15:00.000Z", "Australia/Lord_Howe", "5 April 2026, 01:45 GMT+10:30"],
    ["2026-04-04T14:29:00.000Z", "Australia/Lord_Howe", "5 April 2026, 01:29"],
  ])("%s in %s is %s", (iso, zone, shown) => {
    expect(longTime(iso, zone)).toBe(shown);
  });

  test("a time zone with an offset of minutes", () => {
    expect(shortTime("2026-11-20T14:10:00.000Z", "Asia/Kathmandu", now)).toBe("20 Nov, 19:55");
  });
});

test("long forms for headings", () => {
  expect(longTime("2026-03-03T14:00:00.000Z", LONDON)).toBe("3 March 2026, 14:00");
  expect(longDay("2026-11-20T14:10:00.000Z", LONDON)).toBe("Friday 20 November 2026");
  expect(longDay("2026-11-20T23:10:00.000Z", "Asia/Tokyo")).toBe("Saturday 21 November 2026");
});

test.each([
  ["2026-11-20T14:09:31.000Z", "just now"],
  ["2026-11-20T14:09:00.000Z", "1 minute ago"],
  ["2026-11-19T17:24:00.000Z", "20 hours ago"],
  ["2026-11-18T14:10:00.000Z", "2 days ago"],
  ["2026-10-18T14:10:00.000Z", "1 month ago"],
  ["2024-11-18T14:10:00.000Z", "2 years ago"],
  ["2026-11-20T17:10:00.000Z", "in 3 hours"],
])("%s was %s", (iso, words) => {
  expect(ago(iso, now)).toBe(words);
});

test("the relative time is shown beside the absolute one", () => {
  expect(String(timeWithAgo("2026-11-18T14:10:00.000Z", LONDON, now))).toMatch(/18 Nov.*, 14:10<\/time>.*, 2 days ago/);
});

test("a date-time field has the site's local time", () => {
  expect(localInput("2026-03-03T14:00:30.000Z", LONDON)).toBe("2026-03-03T14:00");
  expect(localInput("2026-07-03T14:05:00.000Z", LONDON)).toBe("2026-07-03T15:05");
});
