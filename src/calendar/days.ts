import type { Freeze } from "../freezes/queries.ts";
import { type Window, windowsBetween } from "../freezes/recurrence.ts";
import { addDays, addMonths, validDate, weekdayOf } from "../time/calendar.ts";
import { localInput } from "../time/format.ts";
import { startOfDay } from "../time/parse-moment.ts";

/** The dates of a month or of a week from Monday, and the names in the address of the ones before and after. */
export interface Period {
  kind: "month" | "week";
  /** `2026-03` or `2026-03-02`. */
  name: string;
  previous: string;
  next: string;
  dates: string[];
}

/** The month or week in the address; this month if there is none, or if it is not a date from 1990 to 2099. */
export function periodOf(query: { month?: string; week?: string }, zone: string, now: string): Period {
  const shown = (text: string) => (/^(199|20\d)/.test(text) ? validDate(text) : undefined);
  const week = shown(query.week ?? "");
  if (week) return weekOf(week);
  const asked = shown(`${query.month ?? ""}-01`);
  return monthOf(asked ?? `${localInput(now, zone).slice(0, 7)}-01`);
}

export function weekOf(date: string): Period {
  const monday = addDays(date, -((weekdayOf(date) + 6) % 7));
  const dates = Array.from({ length: 7 }, (_, i) => addDays(monday, i));
  return { kind: "week", name: monday, previous: addDays(monday, -7), next: addDays(monday, 7), dates };
}

function monthOf(first: string): Period {
  const next = addMonths(first, 1);
  const days = Math.round((Date.parse(next) - Date.parse(first)) / 86_400_000);
  const dates = Array.from({ length: days }, (_, i) => addDays(first, i));
  const [previous, after] = [addMonths(first, -1).slice(0, 7), next.slice(0, 7)];
  return { kind: "month", name: first.slice(0, 7), previous, next: after, dates };
}

/** From the start of a day on the site's clock to that of the next one, ISO 8601 UTC. */
export const boundsOf = (dates: string[], zone: string): { from: string; until: string } => ({
  from: startOfDay(dates[0] as string, zone),
  until: startOfDay(addDays(dates.at(-1) as string, 1), zone),
});

export type FreezeOnDay = Freeze & { window: Window };

/**
 * The windows of freezes on each of these dates, by date; a window is on every day that it touches. One without an end is
 * known up to today.
 */
export function freezesByDay(
  freezes: Freeze[],
  dates: string[],
  { zone, now }: { zone: string; now: string },
): Map<string, FreezeOnDay[]> {
  const period = boundsOf(dates, zone);
  const windows = freezes.flatMap((freeze) => coveredBetween(freeze, period.from, period.until));
  return new Map(
    dates.map((date) => {
      const { from, until } = boundsOf([date], zone);
      const touches = ({ window: { starts_at, ends_at } }: FreezeOnDay) =>
        starts_at < until && (ends_at === null ? from <= now || from <= starts_at : ends_at > from);
      return [date, windows.filter(touches)];
    }),
  );
}

/** What a freeze covers, or covered in fact, between two moments (ISO 8601 UTC). */
export const coveredBetween = (freeze: Freeze, from: string, until: string): FreezeOnDay[] =>
  windowsBetween(freeze, from, until).flatMap((window) => cutAtEnd(freeze, window));

/** What a window covered in fact: somebody may have ended the freeze before or during it. */
function cutAtEnd(freeze: Freeze, window: Window): FreezeOnDay[] {
  const { ended_at } = freeze;
  if (ended_at === null || (window.ends_at !== null && window.ends_at <= ended_at)) return [{ ...freeze, window }];
  return ended_at > window.starts_at ? [{ ...freeze, window: { ...window, ends_at: ended_at } }] : [];
}
