import type { DrawnPlacement } from "../../src/artifacts/queries.ts";
import type { Bar, Lane, Timeline } from "../../src/artifacts/timeline.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import { countOf } from "../../src/text.ts";
import { longTime, shortTime } from "../../src/time/format.ts";
import { type EnvironmentName, env } from "../parts/environment.ts";
import { attr, classes, each, type Html, html } from "../parts/html.ts";
import { allInRolesText } from "../parts/people.ts";

export type LaneProps = {
  timeline: Timeline;
  /** What the timeline says about placements, by seq. */
  drawn: Map<number, DrawnPlacement>;
  environments: EnvironmentName[];
  approvers: Map<string, ApprovedBy[]>;
  /** The open promotion of each lane, in words. */
  waiting: (string | undefined)[];
  zone: string;
  now: string;
  /** What the drawing shows, for screen readers. */
  label: string;
};

const laneHeight = 44;

const barHeight = 28;

/** Of the labels below the lanes, in percent, on a desk and on a telephone, where ticks that are `minor` are hidden. */
const letterWidths = { wide: 0.7, narrow: 2.9 };

/** A lane for each environment, a bar for each version. Their x is in percent, so that text is never stretched. */
export function lanes(props: LaneProps): Html {
  const { timeline, environments, zone, now } = props;
  const bottom = environments.length * laneHeight + 4;
  const end = timeline.to === now ? "now" : shortTime(timeline.to, zone, now);
  const isCrowded = (x: number, text: string, width: number) => x + (text.length + end.length + 1) * width > 100;
  return html`<div class="lanes">
<div class="names" aria-hidden="true">${each(environments, (environment) => html`<div>${env(environment)}</div>`)}</div>
<svg height="${bottom + 20}" role="img" aria-label="${props.label}">
${each(
  timeline.ticks,
  ({
    x,
    text,
    minor,
  }) => html`<line class="grid" x1="${x}%" x2="${x}%" y1="0" y2="${bottom}"/>${!isCrowded(x, text, letterWidths.wide) && html`<text${classes((minor || isCrowded(x, text, letterWidths.narrow)) && "minor")} x="${x}%" y="${bottom + 16}">${text}</text>`}
`,
)}${each(timeline.lanes, (lane, i) => drawLane(lane, environments[i] as EnvironmentName, i, props))}
${each(props.waiting, (words, i) => html`${words && hourglass(words, i)}`)}
<line class="at" x1="100%" x2="100%" y1="0" y2="${bottom + 2}"/><text class="at-text" x="100%" y="${bottom + 16}" text-anchor="end">${end}</text>
</svg>
</div>`;
}

const drawLane = (
  { bars, removed, retracted }: Lane,
  environment: EnvironmentName,
  i: number,
  props: LaneProps,
): Html => html`<g${attr("data-tier", environment.tier)}>
${each(removed, ({ x, width }) => html`<line class="base" x1="${x}%" x2="${x + width}%" y1="${middle(i)}" y2="${middle(i)}"/>`)}
${each(bars, (bar) => drawBar(bar, environment, i, props))}${each(retracted, (placement) => cross(placement, environment, i, props.zone))}</g>
`;

/** The y of the middle of a lane. */
const middle = (i: number): number => i * laneHeight + laneHeight / 2;

function drawBar(bar: Bar, environment: EnvironmentName, i: number, { zone, approvers, drawn }: LaneProps): Html {
  const [first, last] = [bar.seqs[0], bar.seqs.at(-1) as number].map((seq) => drawn.get(seq) as DrawnPlacement) as Ends;
  const since = longTime(bar.since, zone);
  const until = bar.until ? ` until ${longTime(bar.until, zone)}` : "";
  const period = `on ${environment.name} ${bar.now ? `since ${since}` : `from ${since}${until}`}${bar.band ? ", out of band" : ""}`;
  const band = bar.band && "band";
  const frame = (words: string, marks: Html) =>
    html`<svg x="${bar.x}%" y="${middle(i) - barHeight / 2}" width="${bar.width}%" height="${barHeight}"><title>${words}</title><rect${classes("span", bar.now && "now", band)} x="0.5" y="0.5" width="100%" height="${barHeight - 1}"/>${marks}</svg>
`;
  if (bar.seqs.length > 1)
    return frame(
      `${countOf(bar.seqs.length, "change")}, ${first.version} to ${last.version}, ${period}`,
      html`<line${classes("edges", band)} x2="100%" y1="${barHeight / 2}" y2="${barHeight / 2}"/>`,
    );
  const { version, baseline, promotion_id } = first;
  const approvals = approvers.get(promotion_id ?? "") ?? [];
  return frame(
    `${version} ${period}${baseline ? ", baseline" : ""}${approvals.length ? `, approved by ${allInRolesText(approvals)}` : ""}`,
    html`<rect${classes("edge", band)} width="3" height="${barHeight}"/>${approvals.length > 0 ? tick(bar) : baseline > 0 && ground(bar)}${label(version, bar, approvals.length > 0 || baseline > 0)}`,
  );
}

/** The placements of its first and its last version. */
type Ends = [DrawnPlacement, DrawnPlacement];

/** As much of the label as there is room for: a lane is about 1,000 pixels wide, on a telephone 250. */
function label(version: string, { width }: Bar, ticked: boolean): Html | false {
  const x = ticked ? 21 : 9;
  const wide = width * 10 > version.length * 7.3 + x + 3;
  const narrow = width * 2.5 > version.length * 6.4 + x - 1;
  return wide && html`<text${classes("label", !narrow && "minor")} x="${x}" y="18.5">${version}</text>`;
}

/** Marks what was approved. */
const tick = ({ width }: Bar): Html | false =>
  width * 10 > 18 && html`<path${classes("ticked", width * 2.5 < 18 && "minor")} d="m7.5 14.5 3 3 6-7"/>`;

/** Marks what was in a baseline. */
const ground = ({ width }: Bar): Html | false =>
  width * 10 > 18 && html`<path${classes("ground", width * 2.5 < 18 && "minor")} d="M12 9v9m-4.5 0h9"/>`;

/** Marks what was recorded and later corrected. */
const cross = (
  { x, version, at }: Lane["retracted"][number],
  environment: EnvironmentName,
  i: number,
  zone: string,
): Html =>
  html`<svg class="over" x="${x}%" y="${middle(i)}"><title>${version ?? "Removal"} on ${environment.name} from ${longTime(at, zone)}: corrected, it never happened</title><path class="halo" d="m-4-4 8 8m0-8-8 8"/><path class="struck" d="m-4-4 8 8m0-8-8 8"/></svg>
`;

const hourglass = (words: string, i: number): Html =>
  html`<svg class="over" x="100%" y="${middle(i)}"><title>${words}</title><path class="waits" d="M-18-7h12v2l-4.5 5 4.5 5v2h-12v-2l4.5-5-4.5-5z"/></svg>
`;
