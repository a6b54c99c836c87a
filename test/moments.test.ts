import { expect, test } from "vitest";
import { parseMoment } from "../src/environments/moments.ts";

const now = "2026-11-20T12:00:00.000Z";
const read = (text: string, zone = "Europe/London") => parseMoment(text, zone, now);

test("a time with an offset is that moment, wherever the site is", () => {
  expect(read("2026-03-03T14:00:00Z")).toEqual({ at: "2026-03-03T14:00:00.000Z" });
  expect(read(" 2026-03-03T14:00+05:30 ")).toEqual({ at: "2026-03-03T08:30:00.000Z" });
  expect(read("2026-03-03t14:00:00.123456z")).toEqual({ at: "2026-03-03T14:00:00.123Z" });
});

test("a time without one is on the site's clock", () => {
  expect(read("2026-03-03T14:00")).toEqual({ at: "2026-03-03T14:00:00.000Z" });
  expect(read("2026-07-03T14:00")).toEqual({ at: "2026-07-03T13:00:00.000Z" });
  expect(read("2026-07-03 14:00:01.001")).toEqual({ at: "2026-07-03T13:00:01.001Z" });
  expect(read("2026-07-03T14:00", "Asia/Kolkata")).toEqual({ at: "2026-07-03T08:30:00.000Z" });
  expect(read("2026-01-01T00:30", "Pacific/Kiritimati")).toEqual({ at: "2025-12-31T10:30:00.000Z" });
});

test("an hour that the clocks skipped is read as by a clock not yet put forward, and said", () => {
  expect(read("2026-03-29T01:30")).toEqual({
    at: "2026-03-29T01:30:00.000Z",
    said: "There was no 01:30 that day: clocks in Europe/London went forward over it. This is 29 March 2026, 02:30.",
  });
  expect(read("2026-03-29T00:59")).toEqual({ at: "2026-03-29T00:59:00.000Z" });
  expect(read("2026-03-29T02:00")).toEqual({ at: "2026-03-29T01:00:00.000Z" });
  expect(read("2026-03-08T02:30", "America/New_York")).toMatchObject({ at: "2026-03-08T07:30:00.000Z" });
});

test("an hour that the clocks showed twice is the first of the two, and both are said", () => {
  expect(read("2026-10-25T01:30")).toEqual({
    at: "2026-10-25T00:30:00.000Z",
    said: "Clocks in Europe/London showed 01:30 twice that day. This is the first time, 2026-10-25T00:30Z; the second is 2026-10-25T01:30Z.",
  });
  expect(read("2026-10-25T01:30:05")).toMatchObject({ at: "2026-10-25T00:30:05.000Z" });
  expect(read("2026-10-25T00:59")).toEqual({ at: "2026-10-24T23:59:00.000Z" });
  expect(read("2026-10-25T02:00")).toEqual({ at: "2026-10-25T02:00:00.000Z" });
  expect(read("2026-04-05T01:45", "Australia/Lord_Howe")).toMatchObject({ at: "2026-04-04T14:45:00.000Z" });
});

test("a day that a place never had is skipped too", () => {
  expect(read("2011-12-30T12:00", "Pacific/Apia")).toMatchObject({
    at: "2011-12-30T22:00:00.000Z",
    said: expect.stringContaining("31 December 2011, 12:00"),
  });
});

test("what is still to come cannot be looked up", () => {
  expect(read("2026-11-20T12:00")).toEqual({ at: now });
  expect(read("2026-11-20T12:01:30Z")).toEqual({
    wrong: "20 November 2026, 12:01 is still to come. Only what has been can be looked up.",
  });
  expect(read("2126-03-03T14:00")).toHaveProperty("wrong");
});

test.each(["", "  ", "soon", "2026-02-30T10:00", "2026-13-01T10:00", "2026-03-03T24:00", "2026-03-03T14:60"])(
  "%j is no moment, and it says how to write one",
  (text) => {
    expect(read(text)).toEqual({ wrong: expect.stringContaining("2026-03-03 14:00") });
  },
);

test.each(["2026-03-03T14:00:00+25:00", "0000-01-01T00:00", "+012026-03-03T14:00", "14:00", `2026${"0".repeat(9999)}`])(
  "%j is no moment either",
  (text) => {
    const answer = read(text);
    expect(answer).toHaveProperty("wrong");
    expect(JSON.stringify(answer).length).toBeLessThan(300);
  },
);
