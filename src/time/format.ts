import { monthNames, twoDigits, weekdayNames } from "./calendar.ts";
import { type Clocks, isRecordedLate } from "./recorded-late.ts";

// Creating a formatter takes a hundred times as long as using it, and a board shows a thousand times.
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  const cached = formats.get(zone);
  if (cached) return cached;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formats.set(zone, format);
  return format;
}

/** What the clock and calendar on a wall show, to the minute. */
interface WallTime {
  day: number;
  month: number;
  year: number;
  clock: string;
  /** " BST", " GMT-4": which of two hours it is that the clock showed alike; empty for all other times. */
  zoneName: string;
}

// The thousand lines of a deployment have the same time.
const wallTimes = new Map<string, WallTime>();

function wallTime(iso: string, zone: string): WallTime {
  const key = iso.slice(0, 16) + zone;
  const cached = wallTimes.get(key);
  if (cached) return cached;
  const computed = computeWallTime(iso, zone);
  if (wallTimes.size >= 20_000) wallTimes.clear();
  wallTimes.set(key, computed);
  return computed;
}

/** Intl formats only the digits: its British "Sept" would not line up with the other months. */
function computeWallTime(iso: string, zone: string): WallTime {
  const text = formatFor(zone).format(new Date(iso));
  const [day, month, year] = text.slice(0, text.indexOf(",")).split("/") as [string, string, string];
  const wall = { day: Number(day), month: Number(month), year: Number(year), clock: text.slice(-5), zoneName: "" };
  if (!clockChangesNear(iso, zone) || !isShownTwice(Date.parse(iso), zone)) return wall;
  return { ...wall, zoneName: ` ${zoneNameAt(iso, zone)}` };
}

/** How many milliseconds the clock of a time zone is ahead of UTC. */
function aheadOfUtc(ms: number, zone: string): number {
  const minutes = Math.floor(ms / 60_000) * 60_000;
  const text = formatFor(zone).format(new Date(minutes));
  const [day = "", month = "", year = ""] = text.slice(0, text.indexOf(",")).split("/");
  // the day after the last one of 9999 is in a year of five digits, which ECMAScript writes with a sign and six
  const years = year.length > 4 ? `+${year.padStart(6, "0")}` : year.padStart(4, "0");
  return Date.parse(`${years}-${month}-${day}T${text.slice(-5)}Z`) - minutes;
}

/** The two offsets from UTC, in milliseconds, of the day before a time and the day after it. */
export function offsetsAround(ms: number, zone: string): [number, number] {
  return [aheadOfUtc(ms - dayMs, zone), aheadOfUtc(ms + dayMs, zone)];
}

const dayMs = 86_400_000;

// Two more calls of a formatter for each time would make pages slower; clocks change on two days a year.
const changes = new Map<string, boolean>();

function clockChangesNear(iso: string, zone: string): boolean {
  const key = iso.slice(0, 10) + zone;
  const cached = changes.get(key);
  if (cached !== undefined) return cached;
  const [before, after] = offsetsAround(Date.parse(`${iso.slice(0, 10)}T12:00Z`), zone);
  if (changes.size >= 5000) changes.clear();
  changes.set(key, before !== after);
  return before !== after;
}

function isShownTwice(ms: number, zone: string): boolean {
  const ahead = aheadOfUtc(ms, zone);
  return offsetsAround(ms, zone).some((other) => other !== ahead && aheadOfUtc(ms + ahead - other, zone) === other);
}

/** "BST" or "GMT"; for time zones without such a name "GMT-4". */
export const zoneNameAt = (iso: string, zone: string): string => zoneNamesAt(iso, zone)[0] as string;

/** The names that British and American English have for a time zone at a moment, such as GMT-4 and EDT. */
export function zoneNamesAt(iso: string, zone: string): string[] {
  return ["en-GB", "en-US"].map((language) => {
    const format = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "short" });
    return format.formatToParts(new Date(iso)).find(({ type }) => type === "timeZoneName")?.value ?? "";
  });
}

const weekdayName = ({ year, month, day }: WallTime) =>
  weekdayNames[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] as string;

const monthName = (month: number) => monthNames[month - 1] as string;

// A page needs the year of the same moment a thousand times.
let lastYear = { now: "", zone: "", year: 0 };

function yearOf(now: string, zone: string): number {
  if (lastYear.now !== now || lastYear.zone !== zone) lastYear = { now, zone, year: wallTime(now, zone).year };
  return lastYear.year;
}

/** '16:20'; '01:30 BST' and '01:30 GMT' where the clock showed the time twice that day. */
export function clockTime(iso: string, zone: string): string {
  const { clock, zoneName } = wallTime(iso, zone);
  return clock + zoneName;
}

/** '19 Nov, 16:20'; with the year if it is not the current one. */
export const shortTime = (iso: string, zone: string, now: string): string =>
  `${shortDay(iso, zone, now)}, ${clockTime(iso, zone)}`;

/** '19 Nov'; with the year if it is not the current one. */
export function shortDay(iso: string, zone: string, now: string): string {
  const { day, month, year } = wallTime(iso, zone);
  return `${day} ${monthName(month).slice(0, 3)}${year === yearOf(now, zone) ? "" : ` ${year}`}`;
}

/** ' 2026' if it is the current year, which a short time leaves out; otherwise empty. */
export function currentYear(iso: string, zone: string, now: string): string {
  const { year } = wallTime(iso, zone);
  return year === yearOf(now, zone) ? ` ${year}` : "";
}

/** '3 March 2026, 14:00' */
export function longTime(iso: string, zone: string): string {
  const { day, month, year } = wallTime(iso, zone);
  return `${day} ${monthName(month)} ${year}, ${clockTime(iso, zone)}`;
}

/** '2026-07-08 15:30:00 +01:00', for tables that programs read too. */
export function timeWithOffset(iso: string, zone: string): string {
  const minutes = Math.round(aheadOfUtc(Date.parse(iso), zone) / 60_000);
  const local = new Date(Date.parse(iso) + minutes * 60_000).toISOString();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${minutes < 0 ? "-" : "+"}${twoDigits(hours)}:${twoDigits(rest)}`;
}

/** 'Friday 20 November 2026' */
export function longDay(iso: string, zone: string): string {
  const date = wallTime(iso, zone);
  return `${weekdayName(date)} ${date.day} ${monthName(date.month)} ${date.year}`;
}

/** In seconds. */
const units = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** '21 hours ago', 'in 3 days', 'just now': in whole units, rounded down. */
export function ago(iso: string, now: string): string {
  const seconds = (Date.parse(now) - Date.parse(iso)) / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
  const count = Math.floor(Math.abs(seconds) / size);
  if (count === 0) return "just now";
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** 'recorded 2 days later'; undefined if it was recorded within a minute. */
export function recordedLater(clocks: Clocks): string | undefined {
  if (!isRecordedLate(clocks)) return;
  return `recorded ${ago(clocks.effective_at, clocks.recorded_at).replace(" ago", "")} later`;
}

/** The value of a datetime-local field: '2026-03-03T14:00'. */
export function localInput(iso: string, zone: string): string {
  const { day, month, year, clock } = wallTime(iso, zone);
  return `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(day)}T${clock}`;
}
