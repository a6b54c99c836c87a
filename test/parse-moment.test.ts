import { describe, expect, test } from "vitest";
import {
  formatMoment,
  formatRangeEnd,
  parseExactMoment,
  parseMoment,
  parseRangeEnd,
} from "../src/time/parse-moment.ts";

const now = "2026-11-20T12:00:00.000Z";
const read = (text: string, zone = "Europe/London") => parseMoment(text, zone, now);

test("a time with an offset does not depend on the site's time zone", () => {
  expect(read("2026-03-03T14:00:00Z")).toEqual({ at: "2026-03-03T14:00:00.000Z" });
  expect(read(" 2026-03-03T14:00+05:30 ")).toEqual({ at: "2026-03-03T08:30:00.000Z" });
  expect(read("2026-03-03t14:00:00.123456z")).toEqual({ at: "2026-03-03T14:00:00.123Z" });
});

test("a time without an offset is read on the site's clock", () => {
  expect(read("2026-03-03T14:00")).toEqual({ at: "2026-03-03T14:00:00.000Z" });
  expect(read("2026-07-03T14:00")).toEqual({ at: "2026-07-03T13:00:00.000Z" });
  expect(read("2026-07-03 14:00:01.001")).toEqual({ at: "2026-07-03T13:00:01.001Z" });
  expect(read("2026-07-03T14:00", "Asia/Kolkata")).toEqual({ at: "2026-07-03T08:30:00.000Z" });
  expect(read("2026-01-01T00:30", "Pacific/Kiritimati")).toEqual({ at: "2025-12-31T10:30:00.000Z" });
});

test("a time that the clocks skipped is read as on a clock that was not put forward, with a note", () => {
  expect(read("2026-03-29T01:30")).toEqual({
    at: "2026-03-29T01:30:00.000Z",
    note: "There was no 01:30 that day: clocks in Europe/London went forward. It is read as 29 March 2026, 02:30.",
  });
  expect(read("2026-03-29T00:59")).toEqual({ at: "2026-03-29T00:59:00.000Z" });
  expect(read("2026-03-29T02:00")).toEqual({ at: "2026-03-29T01:00:00.000Z" });
  expect(read("2026-03-08T02:30", "America/New_York")).toMatchObject({ at: "2026-03-08T07:30:00.000Z" });
});

test("a time that the clocks showed twice is read as the first, with a note that names both", () => {
  expect(read("2026-10-25T01:30")).toEqual({
    at: "2026-10-25T00:30:00.000Z",
    note: "Clocks in Europe/London showed 01:30 twice that day. It is read as the first, 01:30 BST; for the second write 01:30 GMT.",
  });
  expect(read("2026-10-25T01:30:05")).toMatchObject({ at: "2026-10-25T00:30:05.000Z" });
  expect(read("2026-10-25T00:59")).toEqual({ at: "2026-10-24T23:59:00.000Z" });
  expect(read("2026-10-25T02:00")).toEqual({ at: "2026-10-25T02:00:00.000Z" });
  expect(read("2026-04-05T01:45", "Australia/Lord_Howe")).toMatchObject({ at: "2026-04-04T14:45:00.000Z" });
});

test("a day that a time zone skipped is read in the same way", () => {
  expect(read("2011-12-30T12:00", "Pacific/Apia")).toMatchObject({
    at: "2011-12-30T22:00:00.000Z",
    note: expect.stringContaining("31 December 2011, 12:00"),
  });
});

test("a future time is refused", () => {
  expect(read("2026-11-20T12:00")).toEqual({ at: now });
  expect(read("2026-11-20T12:01:30Z")).toEqual({
    wrong: "20 November 2026, 12:01 is in the future. Enter a date and time in the past.",
  });
  expect(read("2126-03-03T14:00")).toHaveProperty("wrong");
});

test.each(["", "  ", "soon", "2026-02-30T10:00", "2026-13-01T10:00", "2026-03-03T24:00", "2026-03-03T14:60"])(
  "%j is refused, with examples",
  (text) => {
    expect(read(text)).toEqual({ wrong: expect.stringContaining("2026-03-03 14:00") });
  },
);

test.each(["2026-03-03T14:00:00+25:00", "0000-01-01T00:00", "+012026-03-03T14:00", "14:00", `2026${"0".repeat(9999)}`])(
  "%j is refused, with a short sentence",
  (text) => {
    const parsed = read(text);
    expect(parsed).toHaveProperty("wrong");
    expect(JSON.stringify(parsed).length).toBeLessThan(300);
  },
);

const day = "A day without a time means its start, 00:00.";

test.each([
  ["now", "2026-11-20T12:00:00.000Z"],
  ["3 March 14:00", "2026-03-03T14:00:00.000Z"],
  ["3 Mar 2026 14:00", "2026-03-03T14:00:00.000Z"],
  ["3rd of March, 2pm", "2026-03-03T14:00:00.000Z"],
  ["March 3, 14:00", "2026-03-03T14:00:00.000Z"],
  ["March 3, 2025, 14:00:05", "2025-03-03T14:00:05.000Z"],
  ["3 July 2026, 14:00", "2026-07-03T13:00:00.000Z"],
  ["Tuesday 3 March 2026 at 14:00", "2026-03-03T14:00:00.000Z"],
  ["3 December 9:00", "2025-12-03T09:00:00.000Z"],
  ["20 November 12:00", "2026-11-20T12:00:00.000Z"],
  ["20 November 12:01", "2025-11-20T12:01:00.000Z"],
  ["29 February 2:30 pm", "2024-02-29T14:30:00.000Z"],
  ["2026-03-03 9:00", "2026-03-03T09:00:00.000Z"],
  ["2026-03-03 14:00+01:00", "2026-03-03T13:00:00.000Z"],
  ["yesterday 14:00", "2026-11-19T14:00:00.000Z"],
  ["Yesterday at noon", "2026-11-19T12:00:00.000Z"],
  ["today 9:00", "2026-11-20T09:00:00.000Z"],
  ["Monday 17:30", "2026-11-16T17:30:00.000Z"],
  ["Friday 11:00", "2026-11-20T11:00:00.000Z"],
  ["Friday 13:00", "2026-11-13T13:00:00.000Z"],
  ["last fri 11:00", "2026-11-13T11:00:00.000Z"],
  ["2 days ago", "2026-11-18T12:00:00.000Z"],
  ["2.days.ago", "2026-11-18T12:00:00.000Z"],
  ["3 hours ago", "2026-11-20T09:00:00.000Z"],
  ["an hour ago", "2026-11-20T11:00:00.000Z"],
  ["a week ago", "2026-11-13T12:00:00.000Z"],
  ["6 months ago", "2026-05-20T11:00:00.000Z"],
  ["1 year ago", "2025-11-20T12:00:00.000Z"],
])("%s is read as %s", (text, at) => {
  expect(read(text)).toEqual({ at });
});

test.each([
  ["2026-03-03", "2026-03-03T00:00:00.000Z"],
  ["3 March", "2026-03-03T00:00:00.000Z"],
  ["3.July.2025", "2025-07-02T23:00:00.000Z"],
  ["yesterday", "2026-11-19T00:00:00.000Z"],
  ["Monday", "2026-11-16T00:00:00.000Z"],
  ["last Friday", "2026-11-13T00:00:00.000Z"],
  ["friday", "2026-11-20T00:00:00.000Z"],
])("the day %s is read as its start, with a note", (text, at) => {
  expect(read(text)).toEqual({ at, note: day });
});

test("a month before the last day of a month is the last day of the shorter month", () => {
  const ago = (text: string, from: string) => parseMoment(text, "UTC", from);
  expect(ago("1 month ago", "2026-03-31T10:20:30.400Z")).toEqual({ at: "2026-02-28T10:20:30.400Z" });
  expect(ago("a year ago", "2024-02-29T10:00:00.000Z")).toEqual({ at: "2023-02-28T10:00:00.000Z" });
});

test("natural language for a time that was skipped or shown twice is read in the same way, with a note", () => {
  const newYork = "America/New_York";
  expect(read("29 March 1:30")).toMatchObject({
    at: "2026-03-29T01:30:00.000Z",
    note: expect.stringContaining("There was no 01:30 that day"),
  });
  expect(read("Sunday 25 October 2026 1:30am")).toMatchObject({
    at: "2026-10-25T00:30:00.000Z",
    note: expect.stringContaining("showed 01:30 twice that day"),
  });
  expect(read("March 8, 2:30", newYork)).toEqual({
    at: "2026-03-08T07:30:00.000Z",
    note: "There was no 02:30 that day: clocks in America/New_York went forward. It is read as 8 March 2026, 03:30.",
  });
  expect(read("November 1, 1:30", newYork)).toMatchObject({
    at: "2026-11-01T05:30:00.000Z",
    note: expect.stringContaining("for the second write 01:30 GMT-5"),
  });
});

test("days ago go back on the calendar and hours are exact, also when the clocks change in between", () => {
  const monday = "2026-10-26T12:00:00.000Z";
  expect(parseMoment("2 days ago", "Europe/London", monday)).toEqual({ at: "2026-10-24T11:00:00.000Z" });
  expect(parseMoment("48 hours ago", "Europe/London", monday)).toEqual({ at: "2026-10-24T12:00:00.000Z" });
  expect(parseMoment("1 day ago", "Europe/London", "2026-10-26T01:30:15.000Z")).toMatchObject({
    at: "2026-10-25T00:30:15.000Z",
    note: expect.stringContaining("twice that day"),
  });
});

test.each(["tomorrow", "today 23:00", "3 March 2027", "9999-12-31T23:59:59Z"])("%s is in the future", (text) => {
  expect(read(text)).toEqual({ wrong: expect.stringContaining("in the future") });
});

test.each([
  "__proto__",
  "constructor 14:00",
  "30 February",
  "31 June 2026",
  "2026-02-30",
  "3 March 25:00",
  "3 March 14:60",
  "3 March 13pm",
  "Monday 3 March 2026",
  "3/3/2026",
  "3 ma",
  "ago",
  "many days ago",
  "99999 days ago",
  "9999 years ago",
  "yesterday tomorrow",
])("%s is refused, with examples", (text) => {
  expect(read(text)).toEqual({ wrong: expect.stringContaining("3 March 14:00, yesterday 14:00 or 2 days ago") });
});

test.each([
  ["2026-07-03T13:00:00.000Z", "2026-07-03 14:00"],
  ["2026-07-03T13:00:05.000Z", "2026-07-03 14:00:05"],
  ["2026-07-03T13:00:00.040Z", "2026-07-03 14:00:00.040"],
  ["2026-10-25T00:30:00.000Z", "2026-10-25 01:30 BST"],
  ["2026-10-25T01:30:00.000Z", "2026-10-25 01:30 GMT"],
  ["2026-10-25T01:30:05.040Z", "2026-10-25 01:30:05.040 GMT"],
])("%s is written as %s, and read as the same moment", (at, text) => {
  expect(formatMoment(at, "Europe/London")).toBe(text);
  expect(read(text)).toMatchObject({ at });
});

test.each([
  ["2026-10-25 01:30 BST", "Europe/London", "2026-10-25T00:30:00.000Z"],
  ["2026-10-25T01:30 GMT", "Europe/London", "2026-10-25T01:30:00.000Z"],
  ["25 October 2026, 01:30 GMT", "Europe/London", "2026-10-25T01:30:00.000Z"],
  ["3 July 14:00 BST", "Europe/London", "2026-07-03T13:00:00.000Z"],
  ["3 July 14:00 UTC", "Europe/London", "2026-07-03T14:00:00.000Z"],
  ["2026-10-25 02:30 CEST", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
  ["2026-10-25 02:30 CET", "Europe/Berlin", "2026-10-25T01:30:00.000Z"],
  ["1 November 2026, 01:30 GMT-5", "America/New_York", "2026-11-01T06:30:00.000Z"],
  ["1 November 1:30 am EDT", "America/New_York", "2026-11-01T05:30:00.000Z"],
  ["2026-04-05 01:45 GMT+10:30", "Australia/Lord_Howe", "2026-04-04T15:15:00.000Z"],
])("%s in %s is one moment", (text, zone, at) => {
  expect(read(text, zone)).toEqual({ at });
});

test.each(["3 July 14:00 GMT+99", "3 July 14:00 EST", "3 January 14:00 BST", "3 January 14:00 XYZ"])(
  "%s names no time on the site's clock, and is refused",
  (text) => {
    expect(read(text)).toEqual({ wrong: expect.stringContaining("is not a valid date and time") });
  },
);

describe("the end of a range contains what it names", () => {
  const end = (text: string, zone = "Europe/London") => parseRangeEnd(text, zone, now);

  test.each([
    ["2026-07-03", "2026-07-03T22:59:59.999Z", "2026-07-03"],
    ["3 July", "2026-07-03T22:59:59.999Z", "2026-07-03"],
    ["yesterday", "2026-11-19T23:59:59.999Z", "2026-11-19"],
    ["today", "2026-11-20T23:59:59.999Z", "2026-11-20"],
    ["2026-07-03 14:00", "2026-07-03T13:00:59.999Z", "2026-07-03 14:00"],
    ["2026-07-03 14:00:05", "2026-07-03T13:00:05.999Z", "2026-07-03 14:00:05.999"],
    ["2026-07-03T13:00:05Z", "2026-07-03T13:00:05.000Z", "2026-07-03T13:00:05Z"],
    ["2 days ago", "2026-11-18T12:00:00.000Z", "2026-11-18T12:00Z"],
    // of a time that the clock showed twice both belong to it
    ["2026-10-25 01:30", "2026-10-25T01:30:59.999Z", "2026-10-25 01:30 GMT"],
    ["2026-10-25 01:30 BST", "2026-10-25T00:30:59.999Z", "2026-10-25 01:30 BST"],
    // days of 25 and 23 hours
    ["25 October", "2026-10-25T23:59:59.999Z", "2026-10-25"],
    ["29 March", "2026-03-29T22:59:59.999Z", "2026-03-29"],
  ])("until %s", (text, at, written) => {
    expect(end(text)).toEqual({ at });
    expect(formatRangeEnd(at, "Europe/London")).toBe(written);
    expect(end(written)).toEqual({ at });
  });

  test("in the site's time zone", () => {
    expect(end("2026-07-03", "Asia/Tokyo")).toEqual({ at: "2026-07-03T14:59:59.999Z" });
    expect(end("2011-12-29", "Pacific/Apia")).toEqual({ at: "2011-12-30T09:59:59.999Z" });
  });

  test.each(["tomorrow", "2126-03-03", "soon"])("until %s is refused", (text) => {
    expect(end(text)).toHaveProperty("wrong");
  });
});

test("a time that the clock showed twice is refused where it is recorded at once, naming both", () => {
  const exact = (text: string) => parseExactMoment(text, "Europe/London", now);
  expect(exact("2026-10-25T01:30")).toEqual({
    wrong: "The clock showed that time twice. Enter 2026-10-25 01:30 BST or 2026-10-25 01:30 GMT.",
  });
  expect(exact("2026-10-25 01:30 GMT")).toEqual({ at: "2026-10-25T01:30:00.000Z" });
  expect(exact("3 March 14:00")).toEqual({ at: "2026-03-03T14:00:00.000Z" });
});
