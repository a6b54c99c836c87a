import { monthNames, validDate } from "../time/calendar.ts";
import { localInput } from "../time/format.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";

/** A date such as 2026-03-01, or a time by RFC 3339 as ISO 8601 UTC; undefined for all other texts. */
export const readReviewDate = (text: string): string | undefined => validDate(text.trim()) ?? parseRfc3339(text.trim());

/** Why a page is stale: its review date was before today, in the site's time zone. */
export function whyStale(reviewAt: string | null, now: string, zone: string): string | undefined {
  if (reviewAt === null) return;
  const day = validDate(reviewAt) ?? dayOf(reviewAt, zone);
  return day < dayOf(now, zone) ? `Its review date, ${dayInWords(day)}, has passed.` : undefined;
}

const dayOf = (iso: string, zone: string): string => localInput(iso, zone).slice(0, 10);

function dayInWords(date: string): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return `${day} ${monthNames[month - 1]} ${year}`;
}

/** Why a meta tag cannot be read for review dates; empty: none is. */
export const whyNotDateTag = (tag: string): string | undefined =>
  /^([\w.:-]{1,100})?$/.test(tag) ? undefined : "Enter the name of a meta tag, such as review-date.";
