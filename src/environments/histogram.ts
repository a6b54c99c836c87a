import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { endOfTime, type Moment } from "../record/as-of.ts";
import { addDays, addMonths, weekdayOf } from "../time/calendar.ts";
import { localInput } from "../time/format.ts";
import { startOfDay } from "../time/parse-moment.ts";

export type HistogramUnit = "day" | "week" | "month";

export interface Histogram {
  unit: HistogramUnit;
  /** When it begins, and when its last day does. */
  from: string;
  to: string;
  /** Days, weeks or months in which something changed, oldest first; x and width in per cent, `share` of the most. */
  bars: { x: number; share: number; since: string; changes: number; last: string; after: boolean }[];
  width: number;
  /** Where on it the moment is that is shown. */
  at: number;
  ticks: { x: number; since: string; minor: boolean }[];
}

const many = 56;

/** How many lie before the moment, where enough have come after it. */
const before = 35;

/** With fewer bars than these a wider unit is drawn. */
const fewest = 6;

interface Change {
  since: string;
  changes: number;
  last: string;
}

/** When its first change was, and the clock by which days turn. */
interface Life {
  first: string;
  now: string;
  zone: string;
}

/** Changes over time around a moment, in the finest unit that shows all that ever happened, or enough of it. */
export async function loadHistogram(
  db: Database,
  environmentId: string,
  { asOf, knownAt }: Moment,
  life: Life,
): Promise<Histogram> {
  const { first, now } = life;
  const at = asOf === endOfTime ? now : asOf;
  for (const unit of ["day", "week", "month"] as const) {
    const bounds = boundsAround(at, unit, life);
    const changes = await changesIn(db, environmentId, bounds, knownAt);
    const all = (bounds[0] as string) <= first && now < (bounds.at(-1) as string);
    if (all || changes.length >= fewest || unit === "month") return drawn(unit, bounds, changes, at);
  }
  throw new Error("a month is the widest unit");
}

const begins: Record<HistogramUnit, (date: string) => string> = {
  day: (date) => date,
  week: (date) => addDays(date, -((weekdayOf(date) + 6) % 7)),
  month: (date) => `${date.slice(0, 8)}01`,
};

const step = (unit: HistogramUnit, date: string, count: number): string =>
  unit === "month" ? addMonths(date, count) : addDays(date, unit === "week" ? 7 * count : count);

/** The moments at which the calendar turns, one more than there are bars: up to now where that shows all there is. */
function boundsAround(at: string, unit: HistogramUnit, { first, now, zone }: Life): string[] {
  const date = (moment: string) => begins[unit](localInput(moment, zone).slice(0, 10));
  const newest = step(unit, date(now), 1 - many);
  const around = step(unit, date(at), -before);
  const start = around > newest || newest <= date(first) ? newest : around;
  return Array.from({ length: many + 1 }, (_, i) => startOfDay(step(unit, start, i), zone));
}

/** How much changed between each two bounds, and when last: of deployments, by a range of their index for each. */
function changesIn(
  db: Database,
  environmentId: string,
  bounds: string[],
  knownAt: string | undefined,
): Promise<Change[]> {
  const spans = bounds.slice(1).map((until, i) => sql`(${bounds[i]}, ${until})`);
  const known = knownAt === undefined ? sql`` : sql`and d.recorded_at <= ${knownAt}`;
  return sql<Change>`
    with spans (since, until) as (values ${sql.join(spans)})
    select s.since, sum(d.changed) as changes, max(d.effective_at) as last
    from spans s cross join deployments d
    where d.environment_id = ${environmentId} and d.effective_at >= s.since and d.effective_at < s.until
      and d.changed > 0 ${known}
    group by s.since order by s.since`
    .execute(db)
    .then(({ rows }) => rows);
}

function drawn(unit: HistogramUnit, bounds: string[], changes: Change[], at: string): Histogram {
  const place = (i: number) => Math.round((i / many) * 10_000) / 100;
  const most = Math.max(...changes.map((one) => one.changes));
  const bars = changes.map((one) => ({
    ...one,
    x: place(bounds.indexOf(one.since)),
    share: one.changes / most,
    after: one.since > at,
  }));
  const here = bounds.findLastIndex((bound) => bound <= at);
  const [start, end] = [bounds[here], bounds[here + 1]].map((bound) => Date.parse(bound ?? at)) as [number, number];
  const every = unit === "day" ? 7 : unit === "week" ? 8 : 6;
  const ticks = bounds
    .slice(0, -1)
    .flatMap((since, i) => (i % every ? [] : [{ x: place(i), since, minor: i % (2 * every) > 0 }]));
  return {
    unit,
    from: bounds[0] as string,
    to: bounds.at(-2) as string,
    bars,
    width: place(0.73),
    at: place(here + (Date.parse(at) - start) / Math.max(end - start, 1)),
    ticks,
  };
}
