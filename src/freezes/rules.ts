import { type Blocker, type FieldError, fieldErrors } from "../errors.ts";
import { whyNotText } from "../text.ts";
import { longTime, shortTime } from "../time/format.ts";
import { isFuture } from "../time/recorded-late.ts";
import { type Recurring, type Window, whyNotRecurrence, windowAfter, windowsBetween } from "./recurrence.ts";

/** A freeze as it is judged: its windows, and when somebody ended it, if they did. */
export type FreezeWindows = Recurring & { ended_at: string | null };

/** The window that covers a moment (ISO 8601 UTC); undefined if none does. */
export function windowAt(freeze: FreezeWindows, at: string): Window | undefined {
  if (freeze.ended_at !== null && at >= freeze.ended_at) return;
  // "~" follows all that a moment can continue with, so that a window that starts at this one is included
  return windowsBetween(freeze, at, `${at}~`)[0];
}

/** The first window that starts after a moment; undefined if there is none, or somebody ended the freeze. */
export const nextWindow = (freeze: FreezeWindows, at: string): Window | undefined =>
  freeze.ended_at === null ? windowAfter(freeze, at) : undefined;

/** `ended`: by somebody. `over`: its last window has passed. */
export type FreezeState = "active" | "planned" | "over" | "ended";

export function stateOf(freeze: FreezeWindows, now: string): FreezeState {
  if (freeze.ended_at !== null) return "ended";
  if (windowAt(freeze, now)) return "active";
  return nextWindow(freeze, now) ? "planned" : "over";
}

interface FreezeTimes {
  /** When it starts and ends, ISO 8601 UTC; null: it lasts until somebody ends it. */
  starts_at: string;
  ends_at: string | null;
  recurrence: string | null;
}

/** What is wrong with a new freeze, by field. `from`: the start that was requested, which may be a minute ago. */
export function freezeErrors(
  { from: requested, starts_at, ends_at, recurrence, reason }: FreezeTimes & { from: string; reason: string },
  time_zone: string,
  now: string,
): FieldError[] {
  const from = whyNotFrom(requested, now);
  const until = whyNotUntil({ starts_at, ends_at }, time_zone);
  const first = { starts_at, ends_at, recurrence, time_zone };
  return fieldErrors({
    from,
    until,
    recurrence: recurrence && !from && !until ? whyNotRecurrence(recurrence, first) : undefined,
    reason: whyNotFreezeReason(reason, "A freeze"),
  });
}

function whyNotFrom(startsAt: string, now: string): string | undefined {
  if (startsAt > lastMoment) return tooFar;
  // isFuture leaves a minute, since fields for times have no seconds
  if (startsAt < now && isFuture(now, startsAt))
    return "A freeze cannot start in the past. Leave its start empty to freeze from now on.";
}

function whyNotUntil({ starts_at, ends_at }: Window, zone: string): string | undefined {
  if (ends_at === null) return;
  if (ends_at > lastMoment) return tooFar;
  if (ends_at <= starts_at) return `A freeze has to end after it starts, ${longTime(starts_at, zone)}.`;
}

const lastMoment = "2099-12-31";
const tooFar = "A freeze has to be before the year 2100.";

/** `what`: "A freeze", "Ending a freeze". */
export function whyNotFreezeReason(reason: string, what: string): string | undefined {
  if (!reason.trim()) return `${what} needs a reason.`;
  return whyNotText("A reason", reason, 1000);
}

/** Why a promotion cannot be completed in spite of a freeze for this reason; undefined if it can. */
export const whyNotOverride = (reason: string): string | undefined => whyNotFreezeReason(reason, "Overriding a freeze");

/** Why a freeze cannot be ended; undefined if it can. */
export function whyNotEnd(freeze: FreezeWindows & { number: number }, now: string): string | undefined {
  const state = stateOf(freeze, now);
  if (state === "ended") return `Freeze ${freeze.number} was ended already.`;
  if (state === "over") return `Freeze ${freeze.number} is over already.`;
}

/** What a sentence about a freeze names, with the name of its environment and the site's time zone. */
interface Named {
  environment_name: string;
  site_zone: string;
  reason: string;
  person: string;
}

/** "live is frozen until 2 Jan 2027, 08:00 (Christmas), set by Iris." */
function frozenSentence(freeze: Named, { ends_at }: Window, now: string): string {
  const until = ends_at === null ? "until somebody ends it" : `until ${shortTime(ends_at, freeze.site_zone, now)}`;
  return `${freeze.environment_name} is frozen ${until} (${freeze.reason}), set by ${freeze.person}.`;
}

/** The code of the blocker that the target takes no promotions now. */
export const frozenCode = "frozen";

/** A blocker for each of the freezes that cover this moment. */
export function frozenBlockers(freezes: (FreezeWindows & Named)[], now: string): Blocker[] {
  return freezes.flatMap((freeze) => {
    const window = windowAt(freeze, now);
    return window ? [{ code: frozenCode, message: frozenSentence(freeze, window, now) }] : [];
  });
}
