/** Dates as a calendar has them, such as 2026-03-03, wherever that is. */

export const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** 0 is Sunday. */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00Z`).getUTCDay();

export function addDays(date: string, many: number): string {
  const day = new Date(`${date}T00:00Z`);
  day.setUTCDate(day.getUTCDate() + many);
  return day.toISOString().slice(0, 10);
}

/** The same day of the month, or the last where that one is shorter. */
export function addMonths(date: string, many: number): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + many, 0));
  last.setUTCDate(Math.min(day, last.getUTCDate()));
  return last.toISOString().slice(0, 10);
}
