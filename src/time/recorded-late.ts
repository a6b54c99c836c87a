/** Clocks differ: a difference of up to a minute between two of them counts as none. */
export const clockToleranceMs = 60_000;

/** The two clocks of the record, ISO 8601 UTC: when something happened, and when Sitebook recorded it. */
export interface Clocks {
  effective_at: string;
  recorded_at: string;
}

/** Whether something was recorded more than a minute after it happened. */
export function isRecordedLate({ effective_at, recorded_at }: Clocks): boolean {
  return Date.parse(recorded_at) - Date.parse(effective_at) > clockToleranceMs;
}

/** Whether a moment is in the future, by more than clocks differ. */
export function isFuture(at: string, now: string): boolean {
  return Date.parse(at) > Date.parse(now) + clockToleranceMs;
}

/** What was recorded by a moment had happened by then, if clocks differ by a minute at most: no later than this. */
export function latestEffectiveAt(knownAt: string): string {
  return new Date(Date.parse(knownAt) + clockToleranceMs).toISOString();
}
