import { isFuture } from "./recorded-late.ts";

/** ISO 8601 UTC with milliseconds; undefined if the text is not a time with an offset or Z, as RFC 3339 requires. */
export function parseRfc3339(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return;
  const date = new Date(text.replace(" ", "T").toUpperCase());
  if (Number.isNaN(date.getTime()) || rolledOver(text)) return;
  return date.toISOString();
}

/** Whether the date does not exist: Date reads the 30th of February as the 2nd of March. */
function rolledOver(text: string): boolean {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text.slice(0, 10);
}

export function whyNotWhen(effectiveAt: string | undefined, now: string): string | undefined {
  if (effectiveAt === undefined) return;
  const at = parseRfc3339(effectiveAt);
  if (!at) return invalidMoment(effectiveAt, "2026-03-03T14:00:00Z");
  if (isFuture(at, now)) return "That date and time is in the future. Record a deployment once it has happened.";
  if (at < "1990-01-01") return "That is before there were web sites. Check the year.";
}

/** The refusal of a text that cannot be read as a date and time. */
export const invalidMoment = (text: string, example: string): string =>
  `"${text.slice(0, 60)}" is not a valid date and time. Write it like ${example}.`;
