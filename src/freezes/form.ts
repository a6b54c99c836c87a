import type { FieldError } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { checkedValues, formFields, readPlannedMoment } from "../http/forms.ts";
import { validDate } from "../time/calendar.ts";
import type { NewFreeze } from "./freezes.ts";

/** The fields of the form, as they were typed. */
export interface FreezeForm {
  environment: string;
  from: string;
  until: string;
  reason: string;
  /** A frequency of RFC 5545, or empty: it does not recur. */
  repeats: string;
  /** Weekdays such as MO, for a weekly one; if none, the day on which it starts. */
  days: string[];
  /** The last date on which a window may start. */
  last: string;
  key: string;
}

export const emptyForm = (environment: string, key: string): FreezeForm => ({
  environment,
  from: "",
  until: "",
  reason: "",
  repeats: "",
  days: [],
  last: "",
  key,
});

export async function readFreezeForm(c: SiteContext): Promise<FreezeForm> {
  const names = ["environment", "from", "until", "reason", "repeats", "last", "key"] as const;
  return { ...(await formFields(c, ...names)), days: await checkedValues(c, "days") };
}

/** What the form requests, and which fields cannot be read. */
export function requestOf(c: SiteContext, form: FreezeForm): { request: NewFreeze; errors: FieldError[] } {
  const from = readPlannedMoment(c, form.from, "start");
  const until = readPlannedMoment(c, form.until, "end");
  const last = form.repeats && !validDate(form.last) ? "Enter the last day on which it may start." : undefined;
  const errors = Object.entries({ from: from.wrong, until: until.wrong, last }).flatMap(([path, message]) =>
    message ? [{ path, message }] : [],
  );
  const recurrence = form.repeats && !last ? ruleOf(form) : undefined;
  return { request: { from: from.at, until: until.at, reason: form.reason, recurrence }, errors };
}

function ruleOf({ repeats, days, last }: FreezeForm): string {
  const on = repeats === "WEEKLY" && days.length ? `;BYDAY=${days.join(",")}` : "";
  return `FREQ=${repeats}${on};UNTIL=${last.replaceAll("-", "")}`;
}
