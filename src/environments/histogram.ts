import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { endOfTime, type Moment } from "../record/as-of.ts";
import { addDays, addMonths, weekdayOf } from "../time/calendar.ts";
import { localInput } from "../time/format.ts";
import { startOfDay } from "../time/parse-moment.ts";

export type HistogramUnit = "day" | "week" | "month";

export interface Histogram {
  unit: HistogramUnit;
  /** When the first and the last unit begin, ISO 8601 UTC. */
  from: string;
  to: string;
  /**
   * The units in which something changed, oldest first. `x` is in percent of the width; `share` is the height, from
   * 0 to 1, where 1 is the highest bar; `last` is when the last change was; `after` says that it is after the moment shown.
   */
  bars: { x: number; share: number; since: string; changes: number; last: string; after: boolean }[];
  /** Of a bar, in percent. */
  width: number;
  /** The x of the moment shown, in percent. */
  at: number;
  ticks: { x: number; since: string; minor: boolean }[];
}

const barCount = 56;

/** How many of them are before the moment shown, if there is enough history after it. */
const barsBefore = 35;

/** With fewer bars than this, the next wider unit is used. */
const minBars = 6;

interface BarChange {
  since: string;
  changes: number;
  last: string;
}

/** When the environment first changed, and the time zone in which days begin. */
interface ChartContext {
  first: string;
  now: string;
  zone: string;
}

/** Changes over time around a moment, by day, or by week or month where days would show too little of the history. */
export async function loadHistogram(
  db: Database,
  environmentId: string,
  { asOf, knownAt }: Moment,
  context: ChartContext,
): Promise<Histogram> {
  const { first, now } = context;
  const at = asOf === endOfTime ? now : asOf;
  for (const unit of ["day", "week", "month"] as const) {
    const bounds = boundsAround(at, unit, context);
    const changes = await changesIn(db, environmentId, bounds, knownAt);
    const all = (bounds[0] as string) <= first && now < (bounds.at(-1) as string);
    if (all || changes.length >= minBars || unit === "month") return layOut(unit, bounds, changes, at);
  }
  throw new Error("a month is the widest unit");
}

const startOfUnit: Record<HistogramUnit, (date: string) => string> = {
  day: (date) => date,
  week: (date) => addDays(date, -((weekdayOf(date) + 6) % 7)),
  month: (date) => `${date.slice(0, 8)}01`,
};

const addUnits = (unit: HistogramUnit, date: string, count: number): string =>
  unit === "month" ? addMonths(date, count) : addDays(date, unit === "week" ? 7 * count : count);

/**
 * The moments at which units begin, one more than there are bars. They end now if the whole history or the moment
 * shown fits in, else they lie around that moment.
 */
function boundsAround(at: string, unit: HistogramUnit, { first, now, zone }: ChartContext): string[] {
  const date = (moment: string) => startOfUnit[unit](localInput(moment, zone).slice(0, 10));
  const newest = addUnits(unit, date(now), 1 - barCount);
  const around = addUnits(unit, date(at), -barsBefore);
  const start = around > newest || newest <= date(first) ? newest : around;
  return Array.from({ length: barCount + 1 }, (_, i) => startOfDay(addUnits(unit, start, i), zone));
}

/**
 * How much changed between each two bounds, and when last. Reads one range of the index on deployments for each: in a join,
 * PostgreSQL would compare all deployments of the environment with all of them.
 */
async function changesIn(
  db: Database,
  environmentId: string,
  bounds: string[],
  knownAt: string | undefined,
): Promise<BarChange[]> {
  const spans = bounds.slice(1).map((until, i) => sql`(${bounds[i]}, ${until})`);
  const known = knownAt === undefined ? sql`` : sql`and d.recorded_at <= ${knownAt}`;
  const within = sql`from deployments d
    where d.environment_id = ${environmentId} and d.effective_at >= s.since and d.effective_at < s.until
      and d.changed > 0 ${known}`;
  const { rows } = await sql<BarChange>`
    with spans (since, until) as (values ${sql.join(spans)})
    select s.since, (select sum(d.changed) ${within}) as changes,
      (select d.effective_at ${within} order by d.effective_at desc limit 1) as last
    from spans s order by s.since`.execute(db);
  return rows.filter(({ changes }) => changes);
}

function layOut(unit: HistogramUnit, bounds: string[], changes: BarChange[], at: string): Histogram {
  const xOf = (i: number) => Math.round((i / barCount) * 10_000) / 100;
  const maxChanges = Math.max(...changes.map((change) => change.changes));
  const bars = changes.map((change) => ({
    ...change,
    x: xOf(bounds.indexOf(change.since)),
    share: change.changes / maxChanges,
    after: change.since > at,
  }));
  const atBar = bounds.findLastIndex((bound) => bound <= at);
  const [start, end] = [bounds[atBar], bounds[atBar + 1]].map((bound) => Date.parse(bound ?? at)) as [number, number];
  const every = unit === "day" ? 7 : unit === "week" ? 8 : 6;
  const ticks = bounds
    .slice(0, -1)
    .flatMap((since, i) => (i % every ? [] : [{ x: xOf(i), since, minor: i % (2 * every) > 0 }]));
  return {
    unit,
    from: bounds[0] as string,
    to: bounds.at(-2) as string,
    bars,
    width: xOf(0.73),
    at: xOf(atBar + (Date.parse(at) - start) / Math.max(end - start, 1)),
    ticks,
  };
}
