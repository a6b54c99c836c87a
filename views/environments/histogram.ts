import type { Histogram, HistogramUnit } from "../../src/environments/histogram.ts";
import { countOf, formatCount } from "../../src/text.ts";
import { longTime, shortTime } from "../../src/time/format.ts";
import type { EnvironmentName } from "../parts/environment.ts";
import { attr, classes, each, type Html, html } from "../parts/html.ts";

export type HistogramProps = {
  chart: Histogram;
  environment: EnvironmentName;
  /** The moment that is shown; undefined: now. */
  at?: string | undefined;
  now: string;
  zone: string;
  /** The page of a moment: a bar links to its last change. */
  hrefAt: (moment: string) => string;
};

const baseline = 64;

const maxBarHeight = 55;

/** The widths of labels in percent, on a desk and on a telephone, where ticks that are `minor` are hidden. */
const labelWidths = { wide: { tick: 6.5, moment: 8.5 }, narrow: { tick: 24, moment: 32 } };

/** Changes over time as bars. Their x is in percent and not in user units, so that text is never stretched. */
export function histogram({ chart, environment, at, now, zone, hrefAt }: HistogramProps): Html {
  const day = (moment: string) => longTime(moment, zone).replace(/,.*/, "");
  const range = `${unitName(chart.from, chart.unit, day)} to ${unitName(chart.to, chart.unit, day)}`;
  const label = (bar: Histogram["bars"][number]) =>
    `${chart.unit === "week" ? "Week of " : ""}${unitName(bar.since, chart.unit, day)}: ${countOf(bar.changes, "change")}`;
  const end = Math.min(Math.max(chart.at, 0), 100);
  const isCrowded = (x: number, { tick, moment }: typeof labelWidths.wide) => {
    const left = end < 8 ? end : end > 92 ? end - moment : end - moment / 2;
    return x + tick > 100 || (x + tick > left && x < left + moment);
  };
  return html`<figure class="figure"${attr("data-tier", environment.tier)}><figcaption>Changes on ${environment.name} by ${chart.unit}, ${range}; the line marks the moment shown. A bar links to its last change.</figcaption>
<svg height="88" role="group" aria-label="${summary(chart, day)}">
<line class="grid" x1="0" x2="100%" y1="9" y2="9"/><line class="grid" x1="0" x2="100%" y1="36.5" y2="36.5"/>
${each(
  chart.bars,
  (
    bar,
  ) => html`<a href="${hrefAt(bar.last)}" aria-label="${label(bar)}"><title>${label(bar)}</title><rect class="hit" x="${bar.x}%" y="0" width="${chart.width}%" height="${baseline}"/><rect${classes("bar-of", bar.after && "after")} x="${bar.x}%" y="${height(baseline - maxBarHeight * bar.share)}" width="${chart.width}%" height="${height(maxBarHeight * bar.share)}" rx="1"/></a>
`,
)}<line class="base" x1="0" x2="100%" y1="${baseline + 0.5}" y2="${baseline + 0.5}"/>
<g aria-hidden="true">${each(chart.ticks, ({ x, since, minor }) => html`${!isCrowded(x, labelWidths.wide) && html`<text${classes((minor || isCrowded(x, labelWidths.narrow)) && "minor")} x="${x}%" y="82">${tick(since, chart.unit, day)}</text>`}`)}
<line class="at" x1="${end}%" x2="${end}%" y1="0" y2="68"/><text class="at-text" x="${end}%" y="82" text-anchor="${end < 8 ? "start" : end > 92 ? "end" : "middle"}">${at ? shortTime(at, zone, now) : "now"}</text></g>
</svg></figure>
`;
}

const height = (pixels: number): number => Math.round(pixels * 10) / 10;

/** "3 March 2026", or "March 2026". */
const unitName = (since: string, unit: HistogramUnit, day: (moment: string) => string): string =>
  unit === "month" ? day(since).replace(/^\d+ /, "") : day(since);

/** "3 Mar", "3 Mar 2026" or "Mar 2026": with the year where the chart may span several. */
function tick(since: string, unit: HistogramUnit, day: (moment: string) => string): string {
  const [date = "", month = "", year = ""] = day(since).split(" ");
  return [unit !== "month" && date, month.slice(0, 3), unit !== "day" && year].filter(Boolean).join(" ");
}

/** "Changes by day: most on 9 February 2026, with 12." */
function summary({ bars, unit }: Histogram, day: (moment: string) => string): string {
  const highest = bars.find((bar) => bar.share === 1);
  if (!highest) return `Changes by ${unit}: none in this period.`;
  const when = { day: "on ", week: "in the week of ", month: "in " }[unit];
  return `Changes by ${unit}: most ${when}${unitName(highest.since, unit, day)}, with ${formatCount(highest.changes)}.`;
}
