import { expect, test } from "vitest";
import { lastEnd, type Recurring, whyNotRecurrence, windowsBetween } from "../src/freezes/recurrence.ts";
import { freezeErrors, nextWindow, stateOf, windowAt } from "../src/freezes/rules.ts";

const london = "Europe/London";

/** A window on London's clock in winter, which is that of UTC. */
const first = (from: string, until: string | null, recurrence: string | null = null): Recurring => ({
  starts_at: `${from}:00.000Z`,
  ends_at: until && `${until}:00.000Z`,
  recurrence,
  time_zone: london,
});
const friday = first("2026-12-04T22:00", "2026-12-05T06:00");
const windowsOf = (freeze: Recurring) => windowsBetween(freeze, "2026-01-01T00:00Z", "2027-06-01T00:00Z");
const times = (freeze: Recurring) =>
  windowsOf(freeze).map(({ starts_at, ends_at }) => `${starts_at.slice(0, 16)} to ${ends_at?.slice(0, 16)}`);

test("a freeze that does not recur has one window, with or without an end", () => {
  expect(windowsOf(friday)).toEqual([{ starts_at: friday.starts_at, ends_at: friday.ends_at }]);
  expect(windowsOf(first("2026-12-04T22:00", null))).toEqual([{ starts_at: friday.starts_at, ends_at: null }]);
});

test("windows stay at the same hours of the clock when it changes", () => {
  expect(times(first("2026-03-20T22:00", "2026-03-21T06:00", "FREQ=WEEKLY;COUNT=3"))).toEqual([
    "2026-03-20T22:00 to 2026-03-21T06:00",
    "2026-03-27T22:00 to 2026-03-28T06:00",
    "2026-04-03T21:00 to 2026-04-04T05:00",
  ]);
  // the night in which clocks go forward is an hour shorter, and that in which they go back an hour longer
  expect(times(first("2026-03-28T22:00", "2026-03-29T05:00", "FREQ=DAILY;COUNT=2"))).toEqual([
    "2026-03-28T22:00 to 2026-03-29T05:00",
    "2026-03-29T21:00 to 2026-03-30T05:00",
  ]);
});

test("a window that starts in a skipped hour starts as on a clock that was not put forward", () => {
  const nightly = first("2026-03-28T01:30", "2026-03-28T05:00", "FREQ=DAILY;COUNT=3");
  expect(times(nightly)).toEqual([
    "2026-03-28T01:30 to 2026-03-28T05:00",
    "2026-03-29T01:30 to 2026-03-29T04:00",
    "2026-03-30T00:30 to 2026-03-30T04:00",
  ]);
});

test("a window that lies within a skipped hour is left out", () => {
  const brief = first("2026-03-28T01:10", "2026-03-28T01:50", "FREQ=DAILY;COUNT=3");
  expect(times(brief)).toEqual([
    "2026-03-28T01:10 to 2026-03-28T01:50",
    "2026-03-29T01:10 to 2026-03-29T01:50",
    "2026-03-30T00:10 to 2026-03-30T00:50",
  ]);
  const touching = first("2026-03-28T01:30", "2026-03-28T02:00", "FREQ=DAILY;COUNT=3");
  expect(times(touching)).toEqual(["2026-03-28T01:30 to 2026-03-28T02:00", "2026-03-30T00:30 to 2026-03-30T01:00"]);
});

test("a time that the clock shows twice is the first one", () => {
  // from 01:30 BST to 02:00 GMT
  expect(times(first("2026-10-24T00:30", "2026-10-24T01:00", "FREQ=DAILY;COUNT=2"))[1]).toBe(
    "2026-10-25T00:30 to 2026-10-25T02:00",
  );
  expect(times(first("2026-10-23T22:00", "2026-10-24T00:30", "FREQ=DAILY;COUNT=2"))[1]).toBe(
    "2026-10-24T22:00 to 2026-10-25T00:30",
  );
});

test("the windows of a rule with thousands are found at once", () => {
  const daily = { ...friday, recurrence: "FREQ=DAILY;COUNT=9999", ended_at: null };
  expect(lastEnd(daily)).toBe("2054-04-20T05:00:00.000Z");
  expect(windowAt(daily, "2040-07-01T22:00:00.000Z")).toEqual({
    starts_at: "2040-07-01T21:00:00.000Z",
    ends_at: "2040-07-02T05:00:00.000Z",
  });
  expect(nextWindow(daily, "2054-04-19T20:00:00.000Z")).toMatchObject({ starts_at: "2054-04-19T21:00:00.000Z" });
  expect(nextWindow(daily, "2054-04-19T21:00:00.000Z")).toBeUndefined();
});

test("UNTIL is a day, a moment in UTC, or a time on the site's clock, each included", () => {
  const count = (until: string) => times({ ...friday, recurrence: `FREQ=WEEKLY;UNTIL=${until}` }).length;
  expect(count("20261211")).toBe(2);
  expect(count("20261211T220000Z")).toBe(2);
  expect(count("20261211T215959Z")).toBe(1);
  expect(count("20261211T220000")).toBe(2);
  expect(count("20261210T235959")).toBe(1);
});

test.each([
  ["FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231", undefined],
  ["FREQ=MONTHLY;BYDAY=1FR;COUNT=12", undefined],
  ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=4;COUNT=3", undefined],
  ["FREQ=DAILY;COUNT=9999", undefined],
  ["FREQ=DAILY;COUNT=10000", "That rule has 10,000 windows or more. End it earlier."],
  ["FREQ=DAILY;UNTIL=20991231", "That rule has 10,000 windows or more. End it earlier."],
  ["FREQ=YEARLY;COUNT=200", "That rule goes beyond the year 2099. End it earlier."],
  ["FREQ=WEEKLY", "That rule never ends. Add UNTIL with its last day, or COUNT with the number of windows."],
  ["FREQ=WEEKLY;COUNT=3;UNTIL=20261231", "Give either COUNT or UNTIL, not both."],
  ["FREQ=DAILY;UNTIL=20261101", "That rule never starts: it ends before the freeze starts, or has no day after that."],
  [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
    "That rule never starts: it ends before the freeze starts, or has no day after that.",
  ],
  [
    "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
    "That rule leaves out Friday 4 December 2026, on which the freeze starts. Start it on a day of the rule.",
  ],
  ["FREQ=HOURLY;COUNT=3", "A freeze can recur once a day at most."],
])("the rule %s: %s", (rule, sentence) => {
  expect(whyNotRecurrence(rule, friday)).toBe(sentence);
});

test.each([
  "every Friday",
  "",
  "FREQ=FORTNIGHTLY;COUNT=3",
  "FREQ=WEEKLY;COUNT=0",
  "FREQ=WEEKLY;INTERVAL=0;COUNT=3",
  "FREQ=WEEKLY;COUNT=3;COUNT=4",
  "FREQ=WEEKLY;BYDAY=XX;COUNT=3",
  "FREQ=DAILY;BYHOUR=9;COUNT=3",
  "FREQ=DAILY;UNTIL=20261399",
  "FREQ=DAILY;COUNT=3\nEXDATE:20261205",
  "COUNT=3",
])("%j is not a rule", (rule) => {
  expect(whyNotRecurrence(rule, friday)).toMatch(/ is not a recurrence rule\. Write it like FREQ=WEEKLY;/);
});

test("windows may touch, and may not overlap; one without an end cannot recur", () => {
  const day = first("2026-12-04T00:00", "2026-12-05T00:00");
  expect(whyNotRecurrence("FREQ=DAILY;COUNT=3", day)).toBeUndefined();
  expect(whyNotRecurrence("FREQ=DAILY;COUNT=3", first("2026-12-04T00:00", "2026-12-05T00:01"))).toBe(
    "Each window has to end before the next one starts. End the first one earlier.",
  );
  expect(whyNotRecurrence("FREQ=DAILY;COUNT=3", first("2026-12-04T00:00", null))).toBe(
    "A recurring freeze needs an end: that of its first window.",
  );
});

test("a window contains its start and not its end, and ends when somebody ends the freeze", () => {
  const freeze = { ...friday, recurrence: "FREQ=WEEKLY;COUNT=2", ended_at: null };
  expect(windowAt(freeze, "2026-12-04T21:59:59.999Z")).toBeUndefined();
  expect(windowAt(freeze, "2026-12-04T22:00:00.000Z")).toMatchObject({ starts_at: friday.starts_at });
  expect(windowAt(freeze, "2026-12-05T06:00:00.000Z")).toBeUndefined();
  expect(nextWindow(freeze, "2026-12-05T06:00:00.000Z")).toMatchObject({ starts_at: "2026-12-11T22:00:00.000Z" });
  const ended = { ...freeze, ended_at: "2026-12-04T23:00:00.000Z" };
  expect(windowAt(ended, "2026-12-04T22:30:00.000Z")).toBeDefined();
  expect(windowAt(ended, "2026-12-04T23:00:00.000Z")).toBeUndefined();
  expect(nextWindow(ended, "2026-12-05T06:00:00.000Z")).toBeUndefined();
  const states = ["2026-12-01", "2026-12-05", "2026-12-08", "2026-12-20"].map((day) =>
    stateOf(freeze, `${day}T00:00Z`),
  );
  expect([...states, stateOf(ended, "2026-12-01T00:00Z")]).toEqual(["planned", "active", "planned", "over", "ended"]);
});

test("a freeze needs a reason, starts now or later, and ends after that and before 2100", () => {
  const now = "2026-12-01T10:00:30.000Z";
  const errors = (from: string, ends_at: string | null, reason = "Audit") =>
    freezeErrors({ from, starts_at: from > now ? from : now, ends_at, recurrence: null, reason }, london, now);
  expect(errors(now, null)).toEqual([]);
  // the present minute, as a field for times has it
  expect(errors("2026-12-01T10:00:00.000Z", null)).toEqual([]);
  expect(errors("2026-12-01T09:00:00.000Z", null)).toEqual([
    { path: "from", message: "A freeze cannot start in the past. Leave its start empty to freeze from now on." },
  ]);
  expect(errors("2026-12-02T09:00:00.000Z", "2026-12-02T09:00:00.000Z")).toEqual([
    { path: "until", message: "A freeze has to end after it starts, 2 December 2026, 09:00." },
  ]);
  expect(errors(now, "2100-01-01T00:00:00.000Z")[0]?.message).toBe("A freeze has to be before the year 2100.");
  expect(errors(now, null, " ")).toEqual([{ path: "reason", message: "A freeze needs a reason." }]);
  expect(errors(now, null, "x".repeat(1001))[0]?.path).toBe("reason");
});
