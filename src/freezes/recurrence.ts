import { RRuleTemporal } from "rrule-temporal";
import { addDays } from "../time/calendar.ts";
import { localInput, longDay } from "../time/format.ts";
import { momentOnClock } from "../time/parse-moment.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";

/** From a moment to just before another (ISO 8601 UTC); null: until somebody ends it. */
export interface Window {
  starts_at: string;
  ends_at: string | null;
}

/** A first window that may recur on the clock of a time zone. */
export interface Recurring extends Window {
  /** The text of an RFC 5545 recurrence rule, without DTSTART. */
  recurrence: string | null;
  time_zone: string;
}

const maxWindows = 9_999;

/** Times are compared as text, so that they must have four digits for the year; nobody plans further. */
const lastDay = "2099-12-31";

// The dates of a rule with thousands take a third of a second, and a freeze never changes. Windows are quick for a few of them.
const cache = new Map<string, string[]>();

/** The dates on which its windows start. */
function cachedDates(recurrence: string, freeze: Recurring): string[] {
  const key = `${freeze.starts_at} ${freeze.time_zone} ${recurrence}`;
  const cached = cache.get(key);
  if (cached) return cached;
  const dates = datesOf(recurrence, freeze);
  if (cache.size >= 500) cache.clear();
  cache.set(key, dates);
  return dates;
}

/** Its windows that end after one moment and start before another (ISO 8601 UTC), in their order. */
export function windowsBetween(freeze: Recurring, from: string, until: string): Window[] {
  const days = lengthInDays(freeze) + 1;
  const [first, last] = [addDays(from.slice(0, 10), -days), addDays(until.slice(0, 10), 1)];
  const windows = windowsOn(freeze, (date) => date >= first && date <= last);
  return [...windows].filter(({ starts_at, ends_at }) => starts_at < until && (ends_at === null || ends_at > from));
}

/** Its first window that starts after a moment; undefined if none does. */
export function windowAfter(freeze: Recurring, at: string): Window | undefined {
  const first = addDays(at.slice(0, 10), -1);
  for (const window of windowsOn(freeze, (date) => date >= first)) if (window.starts_at > at) return window;
}

/** When its last window ends; null: it lasts until somebody ends it. */
export function lastEnd(freeze: Recurring): string | null {
  if (!freeze.recurrence) return freeze.ends_at;
  const last = cachedDates(freeze.recurrence, freeze).at(-1) as string;
  // an earlier one, if the clocks skip the last
  const windows = [...windowsOn(freeze, (date) => date >= addDays(last, -400))];
  return windows.at(-1)?.ends_at ?? freeze.ends_at;
}

/**
 * One window a date. That it is from 22:00 to 06:00 stays so when clocks change; a window that the clocks skip entirely is
 * left out.
 */
function* windowsOn(freeze: Recurring, isWanted: (date: string) => boolean): Generator<Window> {
  const { starts_at, ends_at, recurrence, time_zone } = freeze;
  if (!recurrence || !ends_at) return yield { starts_at, ends_at };
  const [start, end] = [onClock(starts_at, time_zone), onClock(ends_at, time_zone)];
  const days = lengthInDays(freeze);
  const at = (date: string, clock: string) => momentOnClock(`${date}T${clock}`, time_zone) as string;
  for (const date of cachedDates(recurrence, freeze).filter(isWanted)) {
    const first = date === start.date;
    const window = first
      ? { starts_at, ends_at }
      : { starts_at: at(date, start.clock), ends_at: at(addDays(date, days), end.clock) };
    if (window.starts_at < window.ends_at) yield window;
  }
}

/** How many midnights on the clock are between the start and the end of a window; 0 without an end. */
function lengthInDays({ starts_at, ends_at, time_zone }: Recurring): number {
  if (ends_at === null) return 0;
  const [start, end] = [onClock(starts_at, time_zone), onClock(ends_at, time_zone)];
  return (Date.parse(end.date) - Date.parse(start.date)) / 86_400_000;
}

function onClock(at: string, zone: string): { date: string; clock: string } {
  const [date = "", clock = ""] = localInput(at, zone).split("T");
  return { date, clock: clock + at.slice(16, 23) };
}

/** Why a freeze cannot recur by this rule; undefined if it can. */
export function whyNotRecurrence(text: string, first: Recurring): string | undefined {
  const rule = parseRule(text);
  const wrong = `"${text.slice(0, 60)}" is not a recurrence rule. Write it like FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231.`;
  if (!rule) return wrong;
  const { FREQ = "", COUNT, UNTIL } = rule;
  if (/^(HOUR|MINUTE|SECOND)LY$/.test(FREQ)) return "A freeze can recur once a day at most.";
  if (COUNT && UNTIL) return "Give either COUNT or UNTIL, not both.";
  if (!COUNT && !UNTIL)
    return "That rule never ends. Add UNTIL with its last day, or COUNT with the number of windows.";
  if (UNTIL && !untilMoment(UNTIL, first.time_zone)) return wrong;
  if (first.ends_at === null) return "A recurring freeze needs an end: that of its first window.";
  try {
    const dates = datesOf(text, first);
    return whyNotDates(dates, rule, first) ?? whyNotApart(dates, first);
  } catch {
    return wrong;
  }
}

function whyNotDates(dates: string[], { COUNT }: Rule, { starts_at, time_zone }: Recurring): string | undefined {
  const first = onClock(starts_at, time_zone).date;
  if (!dates.length) return "That rule never starts: it ends before the freeze starts, or has no day after that.";
  if (dates[0] !== first)
    return `That rule leaves out ${longDay(starts_at, time_zone)}, on which the freeze starts. Start it on a day of the rule.`;
  if (dates.length > maxWindows) return "That rule has 10,000 windows or more. End it earlier.";
  if ((dates.at(-1) as string) > lastDay || dates.length < Number(COUNT ?? 0))
    return "That rule goes beyond the year 2099. End it earlier.";
}

function whyNotApart(dates: string[], { starts_at, ends_at, time_zone }: Recurring): string | undefined {
  const days = lengthInDays({ starts_at, ends_at, time_zone, recurrence: null });
  const [start, end] = [onClock(starts_at, time_zone).clock, onClock(ends_at ?? starts_at, time_zone).clock];
  const overlaps = dates.some((date, i) => {
    const next = dates[i + 1];
    return next !== undefined && `${addDays(date, days)}${end}` > `${next}${start}`;
  });
  if (overlaps) return "Each window has to end before the next one starts. End the first one earlier.";
}

type Rule = Partial<Record<string, string>>;

const weekday = "(?:MO|TU|WE|TH|FR|SA|SU)";
const listOf = (item: string) => new RegExp(`^${item}(?:,${item})*$`);

/** The parts of a rule that a freeze can have. The time of day is that of its first window. */
const parts: Record<string, RegExp> = {
  FREQ: /^(?:YEAR|MONTH|WEEK|DAI|HOUR|MINUTE|SECOND)LY$/,
  INTERVAL: /^[1-9]\d{0,3}$/,
  COUNT: /^[1-9]\d{0,8}$/,
  UNTIL: /^\d{8}(?:T\d{6}Z?)?$/,
  BYDAY: listOf(`(?:[+-]?[1-9]\\d?)?${weekday}`),
  BYMONTH: listOf("(?:[1-9]|1[0-2])"),
  BYMONTHDAY: listOf("[+-]?(?:[1-9]|[12]\\d|3[01])"),
  BYYEARDAY: listOf("[+-]?[1-9]\\d{0,2}"),
  BYWEEKNO: listOf("[+-]?[1-9]\\d?"),
  BYSETPOS: listOf("[+-]?[1-9]\\d{0,2}"),
  WKST: new RegExp(`^${weekday}$`),
};

/** The rule by its parts; undefined if it is not one. */
function parseRule(text: string): Rule | undefined {
  const pairs = text.split(";").map((part) => part.split("="));
  const rule = Object.fromEntries(pairs) as Rule;
  const known = pairs.every(([name = "", value = "", ...more]) => !more.length && parts[name]?.test(value));
  return known && rule.FREQ && Object.keys(rule).length === pairs.length ? rule : undefined;
}

/** A rule as it is stored: without the name of its property, in upper case. */
export const normalRule = (text: string): string =>
  text
    .trim()
    .replace(/^RRULE:/i, "")
    .toUpperCase();

/** The dates of a rule's windows, one more than allowed at most. Throws if the library cannot read the rule. */
function datesOf(recurrence: string, { starts_at, time_zone }: Recurring): string[] {
  const { COUNT, UNTIL, ...rest } = parseRule(recurrence) ?? {};
  const start = onClock(starts_at, time_zone);
  const until = UNTIL ? lastDateOf(UNTIL, start.clock, time_zone) : undefined;
  const max = Math.min(Number(COUNT ?? maxWindows + 1), maxWindows + 1);
  const last = until && until < "2200-01-01" ? until : lastDay;
  if (last < start.date) return [];
  // dates only, and the times by this project's own clock: the library would leave out what a clock skips
  const rule = Object.entries({ ...rest, UNTIL: last.replaceAll("-", "") }).map((pair) => pair.join("="));
  const rruleString = `DTSTART;VALUE=DATE:${start.date.replaceAll("-", "")}\nRRULE:${rule.join(";")}`;
  const dates: string[] = [];
  new RRuleTemporal({ rruleString, strict: true, maxIterations: 80_000, cache: false }).all((date) => {
    dates.push(date.toString().slice(0, 10));
    return dates.length < max;
  });
  return dates;
}

/** The last date on which a window may start by UNTIL: a day, a moment in UTC, or a time on the site's clock. */
function lastDateOf(until: string, startClock: string, zone: string): string {
  if (until.length === 8) return untilMoment(until, zone) as string;
  const { date, clock } = onClock(untilMoment(until, zone) as string, zone);
  return clock < startClock ? addDays(date, -1) : date;
}

/** UNTIL as a date, or as a moment if it has a time; undefined if there is no such date or time. */
function untilMoment(until: string, zone: string): string | undefined {
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(until) ?? [];
  const date = `${year}-${month}-${day}`;
  if (hours === undefined) return parseRfc3339(`${date}T00:00:00Z`) && date;
  const wall = `${date}T${hours}:${minutes}:${seconds}`;
  return until.endsWith("Z") ? parseRfc3339(`${wall}Z`) : momentOnClock(wall, zone);
}
