// Preloaded into the servers of the torture test (`node --import ./test/torture/stepped-clock.ts src/server.ts`): on their
// clock a quarter of a day is skipped each second, so that what expires after days, and leases of minutes, end within seconds.
const stepMs = 1_000;
const skippedMs = 6 * 3_600_000;
const RealDate = Date;

/** The environment variable with the moment, in ms since 1970, at which the clock began to skip. */
export const clockStart = "SITEBOOK_TORTURE_CLOCK_START";

/** The time on the servers' clock, in ms since 1970. */
export function steppedTime(startMs: number): number {
  const now = RealDate.now();
  return now + Math.floor((now - startMs) / stepMs) * skippedMs;
}

/** How many ms there are until the clock skips again. */
export const untilNextStepMs = (startMs: number): number => stepMs - ((RealDate.now() - startMs) % stepMs);

const start = Number(process.env[clockStart]);
if (start)
  globalThis.Date = class extends RealDate {
    constructor(...args: [] | [value: number | string | Date]) {
      if (args.length) super(...args);
      else super(steppedTime(start));
    }
    static override now(): number {
      return steppedTime(start);
    }
  } as DateConstructor;
