import { addDays, addMonths, monthNames, twoDigits, validDate, weekdayNames, weekdayOf } from "./calendar.ts";
import { localInput } from "./format.ts";

/** A time on the site's clock, such as 2026-03-03T14:00; `day`: the day was named without a time. Or an exact moment. */
export type WallTime = { wall: string; day?: string | undefined } | { at: string };

/** Reads "3 March 14:00", "yesterday", "last Monday", "2 days ago" or "2.days.ago". Returns undefined for other texts. */
export function parseNaturalTime(text: string, zone: string, now: string): WallTime | undefined {
  if (text.length > 60) return;
  const words = text
    .toLowerCase()
    .replace(/(?<=[a-z])\.|\.(?=[a-z])|,/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const localNow = localInput(now, zone);
  if (words === "now") return { at: now };
  return ago(words, localNow, now) ?? namedDay(words, localNow);
}

const unitMs: Record<string, number> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

/** Hours are exact; days and longer units go back on the calendar to the same time of day. */
function ago(words: string, localNow: string, now: string): WallTime | undefined {
  const [, number, unit = ""] = /^(an?|one|\d{1,4}) (second|minute|hour|day|week|month|year)s? ago$/.exec(words) ?? [];
  if (!number) return;
  const count = Number(number) || (number === "0" ? 0 : 1);
  const ms = unitMs[unit];
  if (ms) return { at: new Date(Date.parse(now) - count * ms).toISOString() };
  const day = localNow.slice(0, 10);
  const date =
    unit === "day" || unit === "week"
      ? addDays(day, unit === "week" ? -7 * count : -count)
      : addMonths(day, unit === "year" ? -12 * count : -count);
  return { wall: `${date}${localNow.slice(10)}${now.slice(16, 23)}` };
}

function namedDay(words: string, localNow: string): WallTime | undefined {
  const [, day = "", timeOfDay] =
    /^(.+?)(?: (?:at )?(\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon|midnight))?$/.exec(words) ?? [];
  const clock = timeOfDay ? parseClock(timeOfDay) : "00:00";
  const date = clock && (weekday(day, clock, localNow) ?? calendarDay(day, clock, localNow));
  if (!date) return;
  return { wall: `${date}T${clock}`, day: timeOfDay ? undefined : date };
}

/** "9:00", "14:00:05", "2pm", "2:30 pm", "noon" */
function parseClock(text: string): string | undefined {
  if (text === "noon") return "12:00";
  if (text === "midnight") return "00:00";
  const [, digits, rest = ":00", half] = /^(\d+)((?::\d\d)*) ?([ap]m)?$/.exec(text) ?? [];
  const hour = half ? (Number(digits) % 12) + (half === "pm" ? 12 : 0) : Number(digits);
  if (hour > 23 || (half && (Number(digits) > 12 || digits === "0")) || /:[6-9]/.test(rest)) return;
  return `${twoDigits(hour)}${rest || ":00"}`;
}

// a Map, as an object has names such as constructor, too
const relativeDays = new Map([
  ["yesterday", -1],
  ["today", 0],
  ["tomorrow", 1],
]);

/** The index of a lower-case name, which may be shortened to three letters; -1 if it is none of them. */
const indexOfName = (names: string[], text = "") =>
  text.length < 3 ? -1 : names.findIndex((name) => name.toLowerCase().startsWith(text));

/** The latest such day in the past; "last" is never today. */
function weekday(words: string, clock: string, localNow: string): string | undefined {
  const today = localNow.slice(0, 10);
  const days = relativeDays.get(words);
  if (days !== undefined) return addDays(today, days);
  const [, last, name] = /^(last )?([a-z]+)$/.exec(words) ?? [];
  const target = indexOfName(weekdayNames, name);
  if (target < 0) return;
  const back = (weekdayOf(today) - target + 7) % 7;
  return addDays(today, -(back || (last || clock > localNow.slice(11) ? 7 : 0)));
}

/** "2026-03-03", "3 March", "Tuesday, 3rd Mar 2026", "March 3": without a year the latest in the past. */
function calendarDay(words: string, clock: string, localNow: string): string | undefined {
  if (/^\d{4}-/.test(words)) return validDate(words);
  const parts = words.split(" ").filter((word) => word !== "of");
  const weekdayIndex = indexOfName(weekdayNames, parts[0]);
  if (weekdayIndex >= 0) parts.shift();
  const [first, second, year, ...more] =
    indexOfName(monthNames, parts[0]) < 0 ? parts : [parts[1], parts[0], ...parts.slice(2)];
  const [, day] = /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(first ?? "") ?? [];
  const month = indexOfName(monthNames, second) + 1;
  if (!day || !month || more.length || (year !== undefined && !/^\d{4}$/.test(year))) return;
  const thisYear = Number(localNow.slice(0, 4));
  const years = year ? [year] : Array.from({ length: 40 }, (_, i) => String(thisYear - i));
  const isPast = (date: string) => `${date}T${clock}` <= localNow;
  return years
    .map((year) => validDate(`${year}-${twoDigits(month)}-${twoDigits(Number(day))}`))
    .find((date) => date && (year || isPast(date)) && (weekdayIndex < 0 || weekdayOf(date) === weekdayIndex));
}
