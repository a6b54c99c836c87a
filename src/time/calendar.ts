/** Calendar dates such as 2026-03-03, without a time zone. */

export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Sunday first, as in `weekdayOf`. */
export const weekdayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

export const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** 0 is Sunday. */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00Z`).getUTCDay();

export function addDays(date: string, days: number): string {
  const result = new Date(`${date}T00:00Z`);
  result.setUTCDate(result.getUTCDate() + days);
  return result.toISOString().slice(0, 10);
}

/** The same day of the month, or the last day of a shorter month. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const result = new Date(Date.UTC(year, month + months, 0));
  result.setUTCDate(Math.min(day, result.getUTCDate()));
  return result.toISOString().slice(0, 10);
}

/** The text, if it is a date of the calendar such as 2026-03-03; undefined for 2026-02-30 and other texts. */
export const validDate = (text: string): string | undefined =>
  !/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(weekdayOf(text)) || addDays(text, 0) !== text ? undefined : text;
