import { addDays, validDate } from "./calendar.ts";
import { clockTime, localInput, longTime, offsetsAround, zoneNameAt, zoneNamesAt } from "./format.ts";
import { parseNaturalTime } from "./natural-language.ts";
import { isFuture } from "./recorded-late.ts";
import { invalidMoment, parseRfc3339 } from "./rfc3339.ts";

export type ParsedMoment =
  /** `note`: how a day without a time, or a time that clocks skipped or showed twice, was read. */
  { at: string; note?: string | undefined } | { wrong: string };

/** A text as the span of time that it names: a day, a minute or a second, or one moment. */
interface Span {
  start: string;
  /** Its last millisecond, ISO 8601 UTC. */
  end: string;
  note?: string | undefined;
}

const iso = (ms: number) => new Date(ms).toISOString();

const example = "2026-03-03 14:00, 3 March 14:00, yesterday 14:00 or 2 days ago";

/** Reads a past moment: RFC 3339 with an offset, 2026-03-03T14:00 on the site's clock, or natural language. */
export function parseMoment(text: string, zone: string, now: string): ParsedMoment {
  const span = parseSpan(text, zone, now);
  return "wrong" in span ? span : { at: span.start, ...(span.note && { note: span.note }) };
}

/** The same for what is recorded at once, without a preview: a time that the clocks showed twice must say which it is. */
export function parseExactMoment(text: string, zone: string, now: string): ParsedMoment {
  const span = parseSpan(text, zone, now);
  if ("wrong" in span || !span.repeats) return parseMoment(text, zone, now);
  return { wrong: whichOf(span.repeats, zone) };
}

function whichOf(repeats: Span[], zone: string, shows: "shows" | "showed" = "showed"): string {
  const [first, second] = repeats.map(({ start }) => formatMoment(start, zone));
  return `The clock ${shows} that time twice. Enter ${first} or ${second}.`;
}

/**
 * Reads the end of a range like `parseMoment`, as the last millisecond that belongs to it: "until 24 November" contains
 * that day in the site's time zone, "until 14:00" that minute. The end of today may be in the future.
 */
export function parseRangeEnd(text: string, zone: string, now: string): ParsedMoment {
  const span = parseSpan(text, zone, now);
  return "wrong" in span ? span : { at: span.end };
}

/**
 * Reads a moment that may be in the future, exactly: RFC 3339 with an offset, 2026-12-24 22:00 on the site's clock, or a
 * day, which means its start or, with `day: "end"`, the start of the next one. With `skipped: "refuse"`, a time that the
 * clocks skip is wrong; otherwise it is read as on a clock that is not put forward.
 */
export function parsePlannedMoment(
  text: string,
  zone: string,
  now: string,
  { day, skipped }: { day: "start" | "end"; skipped?: "refuse" },
): ParsedMoment {
  const trimmed = text.trim();
  const date = validDate(trimmed);
  if (date) return { at: startOfDay(day === "end" ? addDays(date, 1) : date, zone) };
  const span: ClockSpan | undefined =
    absolute(trimmed) ?? inNamedZone(trimmed, zone, now) ?? fromWallClock(trimmed, zone);
  if (!span) return { wrong: invalidMoment(trimmed, "2026-12-24 22:00") };
  if (span.repeats) return { wrong: whichOf(span.repeats, zone, "shows") };
  if (span.note && skipped === "refuse")
    return {
      wrong: `Clocks in ${zone} go forward then, and skip that time. Enter ${formatMoment(span.start, zone)} or another time.`,
    };
  return { at: span.start, ...(span.note && { note: span.note }) };
}

/** When the site's clock shows a time such as 2026-12-24T22:00: the first of two, or as on a clock that was not put forward. */
export const momentOnClock = (wall: string, zone: string): string | undefined => fromWallClock(wall, zone)?.start;

function parseSpan(text: string, zone: string, now: string): ClockSpan | { wrong: string } {
  const trimmed = text.trim();
  if (!trimmed) return { wrong: `Enter a date and time, such as ${example}.` };
  const span: ClockSpan | undefined =
    absolute(trimmed) ?? inNamedZone(trimmed, zone, now) ?? onClock(trimmed, zone, now);
  if (!span) return { wrong: invalidMoment(trimmed, example) };
  if (isFuture(span.start, now))
    return { wrong: `${longTime(span.start, zone)} is in the future. Enter a date and time in the past.` };
  return span;
}

function absolute(text: string): Span | undefined {
  const at = parseRfc3339(text);
  return at === undefined ? undefined : { start: at, end: at };
}

/** "25 October 01:30 BST", "01:30 GMT-4", "14:00 UTC": a time as pages print those that the clock showed twice. */
function inNamedZone(text: string, zone: string, now: string): Span | undefined {
  if (text.length > 80) return;
  const [, rest, name = ""] = /^(.*\d:\d\d.*) (GMT[+-]\d{1,2}(?::\d\d)?|[A-Z]{3,5})$/.exec(text) ?? [];
  if (rest === undefined) return;
  const fixed = fixedZone(name);
  const span = onClock(rest, fixed ?? zone, now);
  const candidates: Span[] = span ? (span.repeats ?? [span]) : [];
  return candidates.find(({ start }) => fixed || zoneNamesAt(start, zone).includes(name));
}

/** "+00:00" for UTC and GMT, "-04:00" for GMT-4. */
function fixedZone(name: string): string | undefined {
  const [, sign = "+", hours = "0", minutes = "00"] = /^(?:UTC|GMT(?:([+-])(\d{1,2})(?::(\d\d))?)?)$/.exec(name) ?? [];
  if (!/^(UTC|GMT)/.test(name) || Number(hours) > 14) return;
  return `${sign}${hours.padStart(2, "0")}:${minutes}`;
}

/** A text without a time zone. `repeats`: the two times that it can mean, if the clock showed it twice. */
type ClockSpan = Span & { repeats?: Span[] | undefined };

function onClock(text: string, zone: string, now: string): ClockSpan | undefined {
  return fromWallClock(text, zone) ?? fromNaturalLanguage(text, zone, now);
}

function fromNaturalLanguage(text: string, zone: string, now: string): ClockSpan | undefined {
  const natural = parseNaturalTime(text, zone, now);
  if (!natural) return;
  if ("at" in natural) return { start: natural.at, end: natural.at };
  const span = fromWallClock(natural.wall, zone);
  if (!span || !natural.day) return span;
  const note = ["A day without a time means its start, 00:00.", span.note].filter(Boolean).join(" ");
  return { ...span, end: endOfDay(natural.day, zone), note };
}

/** Writes a moment so that `parseMoment` reads it again: on the site's clock, with its name if that showed the time twice. */
export function formatMoment(at: string, zone: string): string {
  const rest = at.slice(16, 23);
  const wall = localInput(at, zone).replace("T", " ") + (rest === ":00.000" ? "" : rest.replace(".000", ""));
  const span = fromWallClock(wall, zone);
  if (span?.repeats) return `${wall} ${zoneNameAt(at, zone)}`;
  return span?.start === at ? wall : at.replace(/(:00)?\.000Z$/, "Z");
}

/** Writes the end of a range so that `parseRangeEnd` reads it again: as a day or a minute if it is the end of one. */
export function formatRangeEnd(end: string, zone: string): string {
  const day = localInput(end, zone).slice(0, 10);
  if (endOfDay(day, zone) === end) return day;
  const written = formatMoment(end.endsWith(":59.999Z") ? `${end.slice(0, 16)}:00.000Z` : end, zone);
  const read = inNamedZone(written, zone, end) ?? fromWallClock(written, zone);
  return read?.end === end ? written : end.replace(/(:00)?\.000Z$/, "Z");
}

// A page that draws several weeks needs each of their days every time.
const starts = new Map<string, string>();

/** When a day begins in a time zone, ISO 8601 UTC. */
export function startOfDay(date: string, zone: string): string {
  const key = `${date} ${zone}`;
  const cached = starts.get(key);
  if (cached) return cached;
  const start = fromWallClock(`${date}T00:00`, zone)?.start ?? iso(Date.parse(date));
  if (starts.size >= 5000) starts.clear();
  starts.set(key, start);
  return start;
}

/** The last millisecond of a day in a time zone, ISO 8601 UTC. */
export const endOfDay = (date: string, zone: string): string => iso(Date.parse(startOfDay(addDays(date, 1), zone)) - 1);

/** A time on the site's clock: usually one moment, but none when clocks go forward and two when they go back. */
function fromWallClock(text: string, zone: string): ClockSpan | undefined {
  const [, date, clock, fraction] =
    /^([12]\d{3}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d{1,9})?)?$/i.exec(text) ?? [];
  const minutes = Date.parse(`${date}T${clock}Z`);
  if (!date || Number.isNaN(minutes) || iso(minutes).slice(0, 10) !== date) return;
  const rest = Date.parse(`1970-01-01T00:00${fraction ?? ":00"}Z`);
  const lengthMs = fraction === undefined ? 60_000 : fraction.length === 3 ? 1000 : 1;
  const spanAt = (ms: number) => ({ start: iso(ms + rest), end: iso(ms + rest + lengthMs - 1) });
  const [earlier, later] = offsetsAround(minutes, zone);
  const [first, second] = [...new Set([minutes - earlier, minutes - later])]
    .filter((ms) => localInput(iso(ms), zone) === `${date}T${clock}`)
    .sort((a, b) => a - b);
  if (first === undefined) {
    // a time that the clocks skipped is read as on a clock that was not put forward
    const span = spanAt(minutes - earlier);
    return { ...span, note: skipped(span.start, clock as string, zone) };
  }
  if (second === undefined) return spanAt(first);
  const repeats = [spanAt(first), spanAt(second)] as const;
  const [{ start }, { start: again, end }] = repeats;
  return { start, end, note: repeated(start, again, zone), repeats: [...repeats] };
}

function skipped(at: string, clock: string, zone: string): string {
  return `There was no ${clock} that day: clocks in ${zone} went forward. It is read as ${longTime(at, zone)}.`;
}

function repeated(at: string, second: string, zone: string): string {
  const clock = localInput(at, zone).slice(-5);
  return `Clocks in ${zone} showed ${clock} twice that day. It is read as the first, ${clockTime(at, zone)}; for the second write ${clockTime(second, zone)}.`;
}
