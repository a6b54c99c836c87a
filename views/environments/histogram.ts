import type { Histogram, HistogramUnit } from "../../src/environments/histogram.ts";
import { formatCount } from "../../src/text.ts";
import { longTime, shortTime } from "../../src/time/format.ts";
import type { EnvironmentName } from "../parts/environment.ts";
import { attr, classes, each, type Html, html } from "../parts/html.ts";

export type HistogramProps = {
  drawn: Histogram;
  place: EnvironmentName;
  /** The moment that is shown; nothing where it is now. */
  at?: string | undefined;
  now: string;
  zone: string;
  /** Where a bar leads: to the last change in it. */
  to: (moment: string) => string;
};

const foot = 64;

const tall = 55;

/** Changes over time, each bar a link to what stood after the last of them; x in per cent, so that text never stretches. */
export function histogram({ drawn, place, at, now, zone, to }: HistogramProps): Html {
  const day = (moment: string) => longTime(moment, zone).replace(/,.*/, "");
  const range = `${named(drawn.from, drawn.unit, day)} to ${named(drawn.to, drawn.unit, day)}`;
  const label = (one: Histogram["bars"][number]) =>
    `${drawn.unit === "week" ? "Week of " : ""}${named(one.since, drawn.unit, day)}: ${changes(one.changes)}`;
  const end = Math.min(Math.max(drawn.at, 0), 100);
  return html`<figure class="figure"${attr("data-tier", place.tier)}><figcaption>Changes on ${place.name} by ${drawn.unit}, ${range}; the line is where you are. A bar leads to the last change in it.</figcaption>
<svg height="88" role="group" aria-label="${summary(drawn, day)}">
<line class="grid" x1="0" x2="100%" y1="9" y2="9"/><line class="grid" x1="0" x2="100%" y1="36.5" y2="36.5"/>
${each(
  drawn.bars,
  (
    one,
  ) => html`<a href="${to(one.last)}" aria-label="${label(one)}"><title>${label(one)}</title><rect class="hit" x="${one.x}%" y="0" width="${drawn.width}%" height="${foot}"/><rect${classes("bar-of", one.after && "after")} x="${one.x}%" y="${height(foot - tall * one.share)}" width="${drawn.width}%" height="${height(tall * one.share)}" rx="1"/></a>
`,
)}<line class="base" x1="0" x2="100%" y1="${foot + 0.5}" y2="${foot + 0.5}"/>
<g aria-hidden="true">${each(drawn.ticks, ({ x, since, minor }) => html`${Math.abs(x - end) > 9 && x < 94 && html`<text${classes(minor && "minor")} x="${x}%" y="82">${tick(since, drawn.unit, day)}</text>`}`)}
<line class="at" x1="${end}%" x2="${end}%" y1="0" y2="68"/><text class="at-text" x="${end}%" y="82" text-anchor="${end < 8 ? "start" : end > 92 ? "end" : "middle"}">${at ? shortTime(at, zone, now) : "now"}</text></g>
</svg></figure>
`;
}

const height = (pixels: number): number => Math.round(pixels * 10) / 10;

const changes = (many: number): string => `${formatCount(many)} ${many === 1 ? "change" : "changes"}`;

/** "3 March 2026", or "March 2026". */
const named = (since: string, unit: HistogramUnit, day: (moment: string) => string): string =>
  unit === "month" ? day(since).replace(/^\d+ /, "") : day(since);

/** "3 Mar", "3 Mar 2026" or "Mar 2026": with the year where there may be several. */
function tick(since: string, unit: HistogramUnit, day: (moment: string) => string): string {
  const [date = "", month = "", year = ""] = day(since).split(" ");
  return [unit !== "month" && date, month.slice(0, 3), unit !== "day" && year].filter(Boolean).join(" ");
}

/** "Changes by day: most on 9 February 2026, with 12." */
function summary({ bars, unit }: Histogram, day: (moment: string) => string): string {
  const most = bars.find((one) => one.share === 1);
  if (!most) return `Changes by ${unit}: none in this time.`;
  const when = { day: "on ", week: "in the week of ", month: "in " }[unit];
  return `Changes by ${unit}: most ${when}${named(most.since, unit, day)}, with ${formatCount(most.changes)}.`;
}
