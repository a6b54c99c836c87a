import { addDays, addMonths, twoDigits, weekdayOf } from "./calendar.ts";
import { localInput } from "./format.ts";

/** What clock and calendar on the wall showed, such as 2026-03-03T14:00; or a moment so many hours ago. */
export type WallTime = { wall: string; said?: string | undefined } | { at: string };

/** Reads a time as people say it: "3 March 14:00", "yesterday", "last Monday", "2 days ago", "2.days.ago". */
export function parseNaturalTime(text: string, zone: string, now: string): WallTime | undefined {
  if (text.length > 60) return;
  const words = text
    .toLowerCase()
    .replace(/(?<=[a-z])\.|\.(?=[a-z])|,/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const here = localInput(now, zone);
  if (words === "now") return { at: now };
  return ago(words, here, now) ?? named(words, here);
}

const exact: Record<string, number> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

/** Hours are counted; days and more go back on the calendar to the same time of day. */
function ago(words: string, here: string, now: string): WallTime | undefined {
  const [, many, unit = ""] = /^(an?|one|\d{1,4}) (second|minute|hour|day|week|month|year)s? ago$/.exec(words) ?? [];
  if (!many) return;
  const count = Number(many) || (many === "0" ? 0 : 1);
  const step = exact[unit];
  if (step) return { at: new Date(Date.parse(now) - count * step).toISOString() };
  const day = here.slice(0, 10);
  const date =
    unit === "day" || unit === "week"
      ? addDays(day, unit === "week" ? -7 * count : -count)
      : addMonths(day, unit === "year" ? -12 * count : -count);
  return { wall: `${date}${here.slice(10)}${now.slice(16, 23)}` };
}

function named(words: string, here: string): WallTime | undefined {
  const [, day = "", said] =
    /^(.+?)(?: (?:at )?(\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon|midnight))?$/.exec(words) ?? [];
  const clock = said ? clockOf(said) : "00:00";
  const date = clock && (weekday(day, clock, here) ?? calendarDay(day, clock, here));
  if (!date) return;
  return { wall: `${date}T${clock}`, said: said ? undefined : "A day named without a time is its beginning, 00:00." };
}

/** "9:00", "14:00:05", "2pm", "2:30 pm", "noon" */
function clockOf(said: string): string | undefined {
  if (said === "noon") return "12:00";
  if (said === "midnight") return "00:00";
  const [, told, rest = ":00", half] = /^(\d+)((?::\d\d)*) ?([ap]m)?$/.exec(said) ?? [];
  const hour = half ? (Number(told) % 12) + (half === "pm" ? 12 : 0) : Number(told);
  if (hour > 23 || (half && (Number(told) > 12 || told === "0")) || /:[6-9]/.test(rest)) return;
  return `${twoDigits(hour)}${rest || ":00"}`;
}

const away: Record<string, number> = { yesterday: -1, today: 0, tomorrow: 1 };

const days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** Where a name is in a list of names, which may be cut short to three letters. */
const placeOf = (names: string[], name = "") => (name.length < 3 ? -1 : names.findIndex((one) => one.startsWith(name)));

/** The newest such day that has been; "last" is never today. */
function weekday(words: string, clock: string, here: string): string | undefined {
  const today = here.slice(0, 10);
  const off = away[words];
  if (off !== undefined) return addDays(today, off);
  const [, last, name] = /^(last )?([a-z]+)$/.exec(words) ?? [];
  const wanted = placeOf(days, name);
  if (wanted < 0) return;
  const back = (weekdayOf(today) - wanted + 7) % 7;
  return addDays(today, -(back || (last || clock > here.slice(11) ? 7 : 0)));
}

/** "2026-03-03", "3 March", "Tuesday, 3rd Mar 2026", "March 3": without a year the newest that has been. */
function calendarDay(words: string, clock: string, here: string): string | undefined {
  if (/^\d{4}-\d\d-\d\d$/.test(words)) return existing(words);
  const parts = words.split(" ").filter((one) => one !== "of");
  const on = placeOf(days, parts[0]);
  if (on >= 0) parts.shift();
  const [first, second, year, ...more] =
    placeOf(months, parts[0]) < 0 ? parts : [parts[1], parts[0], ...parts.slice(2)];
  const [, day] = /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(first ?? "") ?? [];
  const month = placeOf(months, second) + 1;
  if (!day || !month || more.length || (year !== undefined && !/^\d{4}$/.test(year))) return;
  const newest = Number(here.slice(0, 4));
  const years = year ? [year] : Array.from({ length: 40 }, (_, i) => String(newest - i));
  return years
    .map((one) => existing(`${one}-${twoDigits(month)}-${twoDigits(Number(day))}`))
    .find((date) => date && (year || `${date}T${clock}` <= here) && (on < 0 || weekdayOf(date) === on));
}

/** The date, unless the calendar has none such. */
const existing = (date: string): string | undefined =>
  Number.isNaN(weekdayOf(date)) || addDays(date, 0) !== date ? undefined : date;
