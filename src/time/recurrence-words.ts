import { joinWithAnd } from "../text.ts";
import { monthNames } from "./calendar.ts";

const everyWords: Record<string, string> = {
  DAILY: "every day",
  WEEKLY: "every week",
  MONTHLY: "every month",
  YEARLY: "every year",
};

/** The weekdays of a recurrence rule, from Monday. */
export const weekdays = [
  ["MO", "Monday"],
  ["TU", "Tuesday"],
  ["WE", "Wednesday"],
  ["TH", "Thursday"],
  ["FR", "Friday"],
  ["SA", "Saturday"],
  ["SU", "Sunday"],
] as const;

/** "every week on Friday and Saturday, until 31 December 2026"; undefined for a rule with other parts than the form has. */
export function recurrenceWords(rule: string): string | undefined {
  const [, frequency = "", days, until, count] =
    /^FREQ=([A-Z]+)(?:;BYDAY=([A-Z,]+))?(?:;UNTIL=(\d{8})|;COUNT=(\d+))$/.exec(rule) ?? [];
  const every = everyWords[frequency];
  if (!every) return;
  const names = (days?.split(",") ?? []).map((day) => weekdays.find(([code]) => code === day)?.[1] ?? day);
  const on = names.length ? ` on ${joinWithAnd(names)}` : "";
  return `${every}${on}, ${until ? `until ${dayOf(until)}` : `${count} times`}`;
}

/** "31 December 2026" for 20261231 */
const dayOf = (date: string): string =>
  `${Number(date.slice(6))} ${monthNames[Number(date.slice(4, 6)) - 1]} ${date.slice(0, 4)}`;
