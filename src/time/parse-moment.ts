import { localInput, longTime } from "./format.ts";
import { parseNaturalTime } from "./natural-language.ts";
import { isFuture } from "./recorded-late.ts";
import { invalidMoment, parseRfc3339 } from "./rfc3339.ts";

export type ParsedMoment =
  /** `note`: how a day without a time, or a time that clocks skipped or showed twice, was read. */
  { at: string; note?: string | undefined } | { wrong: string };

const dayMs = 24 * 60 * 60 * 1000;

const iso = (ms: number) => new Date(ms).toISOString();

const example = "2026-03-03 14:00, 3 March 14:00, yesterday 14:00 or 2 days ago";

/** Reads a past moment: RFC 3339 with an offset, 2026-03-03T14:00 on the site's clock, or natural language. */
export function parseMoment(text: string, zone: string, now: string): ParsedMoment {
  const trimmed = text.trim();
  if (!trimmed) return { wrong: `Enter a date and time, such as ${example}.` };
  const parsed = absolute(trimmed) ?? fromWallClock(trimmed, zone) ?? fromNaturalLanguage(trimmed, zone, now);
  if (!parsed) return { wrong: invalidMoment(trimmed, example) };
  if (isFuture(parsed.at, now))
    return { wrong: `${longTime(parsed.at, zone)} is in the future. Enter a date and time in the past.` };
  return parsed;
}

function absolute(text: string) {
  const at = parseRfc3339(text);
  return at && { at };
}

function fromNaturalLanguage(text: string, zone: string, now: string) {
  const natural = parseNaturalTime(text, zone, now);
  if (!natural || "at" in natural) return natural;
  const parsed = fromWallClock(natural.wall, zone);
  return parsed && { at: parsed.at, note: [natural.note, parsed.note].filter(Boolean).join(" ") || undefined };
}

/** Writes a moment so that `parseMoment` reads it again: on the site's clock, unless that showed the time twice. */
export function formatMoment(at: string, zone: string): string {
  const rest = at.slice(16, 23);
  const wall = localInput(at, zone).replace("T", " ") + (rest === ":00.000" ? "" : rest.replace(".000", ""));
  const parsed = fromWallClock(wall, zone);
  return parsed?.at === at ? wall : at.replace(/(:00)?\.000Z$/, "Z");
}

// A page that draws several weeks needs each of their days every time.
const starts = new Map<string, string>();

/** When a day begins in a time zone, ISO 8601 UTC. */
export function startOfDay(date: string, zone: string): string {
  const key = `${date} ${zone}`;
  const cached = starts.get(key);
  if (cached) return cached;
  const start = fromWallClock(`${date}T00:00`, zone)?.at ?? iso(Date.parse(date));
  if (starts.size >= 5000) starts.clear();
  starts.set(key, start);
  return start;
}

/** A time on the site's clock: usually one moment, but none when clocks go forward and two when they go back. */
function fromWallClock(text: string, zone: string) {
  const [, date, clock, fraction] =
    /^([12]\d{3}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d{1,9})?)?$/i.exec(text) ?? [];
  const minutes = Date.parse(`${date}T${clock}Z`);
  if (!date || Number.isNaN(minutes) || iso(minutes).slice(0, 10) !== date) return;
  const rest = Date.parse(`1970-01-01T00:00${fraction ?? ":00"}Z`);
  const [earlier, later] = offsetsAround(minutes, zone);
  const candidates = [...new Set([minutes - earlier, minutes - later])]
    .filter((ms) => localInput(iso(ms), zone) === `${date}T${clock}`)
    .sort((a, b) => a - b);
  const [first, second] = candidates;
  // a time that the clocks skipped is read as on a clock that was not put forward
  const at = iso((first ?? minutes - earlier) + rest);
  if (first === undefined) return { at, note: skipped(at, clock as string, zone) };
  return second === undefined ? { at } : { at, note: repeated(at, iso(second + rest), clock as string, zone) };
}

/** How many milliseconds the site's clock is ahead of UTC, the day before and the day after. */
function offsetsAround(minutes: number, zone: string): [number, number] {
  const ahead = (ms: number) => Date.parse(`${localInput(iso(ms), zone)}Z`) - ms;
  return [ahead(minutes - dayMs), ahead(minutes + dayMs)];
}

function skipped(at: string, clock: string, zone: string): string {
  return `There was no ${clock} that day: clocks in ${zone} went forward. It is read as ${longTime(at, zone)}.`;
}

function repeated(at: string, second: string, clock: string, zone: string): string {
  const short = (time: string) => time.replace(/(:00)?\.000Z/, "Z");
  return `Clocks in ${zone} showed ${clock} twice that day. It is read as the first, ${short(at)}; the second is ${short(second)}.`;
}
