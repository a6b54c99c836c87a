import { localInput, longTime } from "./format.ts";
import { parseNaturalTime } from "./natural-language.ts";
import { parseRfc3339 } from "./rfc3339.ts";

export type ParsedMoment =
  /** `said`: what had to be decided about a time that the clocks skipped or showed twice. */
  { at: string; said?: string | undefined } | { wrong: string };

const minute = 60_000;

const day = 24 * 60 * minute;

const iso = (ms: number) => new Date(ms).toISOString();

const example = "2026-03-03 14:00, 3 March 14:00, yesterday 14:00 or 2 days ago";

/** Reads a past moment: RFC 3339 with its offset, or a time of the site's own clock, as 2026-03-03T14:00 or as people say it. */
export function parseMoment(text: string, zone: string, now: string): ParsedMoment {
  const wanted = text.trim();
  if (!wanted) return { wrong: `Say which moment, such as ${example}.` };
  const read = absolute(wanted) ?? fromWallClock(wanted, zone) ?? asSaid(wanted, zone, now);
  if (!read) return { wrong: `"${wanted.slice(0, 60)}" is no moment. Write one like ${example}.` };
  if (Date.parse(read.at) > Date.parse(now) + minute)
    return { wrong: `${longTime(read.at, zone)} is still to come. Only what has been can be looked up.` };
  return read;
}

function absolute(text: string) {
  const at = parseRfc3339(text);
  return at && { at };
}

function asSaid(text: string, zone: string, now: string) {
  const meant = parseNaturalTime(text, zone, now);
  if (!meant || "at" in meant) return meant;
  const read = fromWallClock(meant.wall, zone);
  return read && { at: read.at, said: [meant.said, read.said].filter(Boolean).join(" ") || undefined };
}

/** How a moment is written so that it is read as the same again: on the site's clock, unless that showed it twice. */
export function formatMoment(at: string, zone: string): string {
  const rest = at.slice(16, 23);
  const wall = localInput(at, zone).replace("T", " ") + (rest === ":00.000" ? "" : rest.replace(".000", ""));
  const read = fromWallClock(wall, zone);
  return read?.at === at ? wall : at.replace(/(:00)?\.000Z$/, "Z");
}

// A page that draws some weeks asks for each of their days, every time that it is looked at.
const beginnings = new Map<string, string>();

/** When a day begins, as the calendar there has it. */
export function startOfDay(date: string, zone: string): string {
  const key = `${date} ${zone}`;
  const known = beginnings.get(key);
  if (known) return known;
  const begins = fromWallClock(`${date}T00:00`, zone)?.at ?? iso(Date.parse(date));
  if (beginnings.size >= 5000) beginnings.clear();
  beginnings.set(key, begins);
  return begins;
}

/** A time as a clock on the wall shows it: usually one moment, but none where clocks go forward and two where they go back. */
function fromWallClock(text: string, zone: string) {
  const [, date, clock, fraction] =
    /^([12]\d{3}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d{1,9})?)?$/i.exec(text) ?? [];
  const minutes = Date.parse(`${date}T${clock}Z`);
  if (!date || Number.isNaN(minutes) || iso(minutes).slice(0, 10) !== date) return;
  const rest = Date.parse(`1970-01-01T00:00${fraction ?? ":00"}Z`);
  const [earlier, later] = offsetsAround(minutes, zone);
  const fitting = [...new Set([minutes - earlier, minutes - later])]
    .filter((ms) => localInput(iso(ms), zone) === `${date}T${clock}`)
    .sort((a, b) => a - b);
  const [first, second] = fitting;
  // where the clocks jump over it, what a clock that nobody has put forward shows
  const at = iso((first ?? minutes - earlier) + rest);
  if (first === undefined) return { at, said: skipped(at, clock as string, zone) };
  return second === undefined ? { at } : { at, said: doubled(at, iso(second + rest), clock as string, zone) };
}

/** How far the wall clock is ahead of UTC the day before and the day after. */
function offsetsAround(minutes: number, zone: string): [number, number] {
  const ahead = (ms: number) => Date.parse(`${localInput(iso(ms), zone)}Z`) - ms;
  return [ahead(minutes - day), ahead(minutes + day)];
}

function skipped(at: string, clock: string, zone: string): string {
  return `There was no ${clock} that day: clocks in ${zone} went forward over it. This is ${longTime(at, zone)}.`;
}

function doubled(at: string, second: string, clock: string, zone: string): string {
  const short = (time: string) => time.replace(/(:00)?\.000Z/, "Z");
  return `Clocks in ${zone} showed ${clock} twice that day. This is the first time, ${short(at)}; the second is ${short(second)}.`;
}
