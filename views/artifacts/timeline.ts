import type { Bar, Lane, Timeline } from "../../src/artifacts/timeline.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import { longTime } from "../../src/time/format.ts";
import { type EnvironmentName, env } from "../parts/environment.ts";
import { attr, classes, each, type Html, html } from "../parts/html.ts";

export type LaneProps = {
  drawing: Timeline;
  places: EnvironmentName[];
  approvers: Map<string, ApprovedBy[]>;
  /** What waits to come in, by lane. */
  waiting: (string | undefined)[];
  zone: string;
  now: string;
  /** What the drawing shows, for who listens. */
  label: string;
};

const lane = 44;

const bar = 28;

/** A lane for each environment, a bar for each version; x in per cent, so that text never stretches. */
export function lanes(props: LaneProps): Html {
  const { drawing, places, zone } = props;
  const bottom = places.length * lane + 4;
  return html`<div class="lanes">
<div class="names" aria-hidden="true">${each(places, (place) => html`<div>${env(place)}</div>`)}</div>
<svg height="${bottom + 20}" role="img" aria-label="${props.label}">
${each(
  drawing.ticks,
  ({
    x,
    text,
    minor,
  }) => html`<line class="grid" x1="${x}%" x2="${x}%" y1="0" y2="${bottom}"/>${x < 90 && html`<text${classes((minor || x > 70) && "minor")} x="${x}%" y="${bottom + 16}">${text}</text>`}
`,
)}${each(drawing.lanes, (one, i) => drawLane(one, places[i] as EnvironmentName, i, props))}
${each(props.waiting, (waits, i) => html`${waits && hourglass(waits, i)}`)}
<line class="at" x1="100%" x2="100%" y1="0" y2="${bottom + 2}"/><text class="at-text" x="100%" y="${bottom + 16}" text-anchor="end">${drawing.to === props.now ? "now" : longTime(drawing.to, zone)}</text>
</svg>
</div>`;
}

const drawLane = (
  { bars, gone, struck }: Lane,
  place: EnvironmentName,
  i: number,
  props: LaneProps,
): Html => html`<g${attr("data-tier", place.tier)}>
${each(gone, ({ x, width }) => html`<line class="base" x1="${x}%" x2="${x + width}%" y1="${i * lane + lane / 2}" y2="${i * lane + lane / 2}"/>`)}
${each(bars, (one) => drawBar(one, place, i, props))}${each(struck, (one) => cross(one, place, i, props.zone))}</g>
`;

function drawBar(one: Bar, place: EnvironmentName, i: number, { zone, approvers }: LaneProps): Html {
  const approved = approvers.get(one.promotion_id ?? "")?.map(({ person, role }) => `${person} (${role})`) ?? [];
  const words = `${one.version} on ${place.name} from ${longTime(one.since, zone)} ${one.until ? `until ${longTime(one.until, zone)}` : "on"}${one.band ? ", out of band" : ""}${approved.length ? `, approved by ${approved.join(" and ")}` : ""}`;
  const band = one.band && "band";
  return html`<svg x="${one.x}%" y="${i * lane + (lane - bar) / 2}" width="${one.width}%" height="${bar}"><title>${words}</title><rect${classes("span", one.now && "now", band)} x="0.5" y="0.5" width="100%" height="${bar - 1}"/><rect${classes("edge", band)} width="3" height="${bar}"/>${approved.length > 0 && tick(one)}${label(one, approved.length > 0)}</svg>
`;
}

/** As much as there is room for: a lane is about 1,000 pixels wide, on a telephone 250. */
function label({ version, width }: Bar, ticked: boolean): Html | false {
  const x = ticked ? 21 : 9;
  const wide = width * 10 > version.length * 7.3 + x + 3;
  const narrow = width * 2.5 > version.length * 6.4 + x - 1;
  return wide && html`<text${classes("label", !narrow && "minor")} x="${x}" y="18.5">${version}</text>`;
}

/** It came with approval. */
const tick = ({ width }: Bar): Html | false =>
  width * 10 > 18 && html`<path${classes("ticked", width * 2.5 < 18 && "minor")} d="m7.5 14.5 3 3 6-7"/>`;

/** Said once, and taken back. */
const cross = ({ x, version, at }: Lane["struck"][number], place: EnvironmentName, i: number, zone: string): Html =>
  html`<svg class="over" x="${x}%" y="${i * lane + lane / 2}"><title>${version ?? "Removal"} on ${place.name} from ${longTime(at, zone)}: corrected, it never was</title><path class="halo" d="m-4-4 8 8m0-8-8 8"/><path class="struck" d="m-4-4 8 8m0-8-8 8"/></svg>
`;

const hourglass = (words: string, i: number): Html =>
  html`<svg class="over" x="100%" y="${i * lane + lane / 2}"><title>${words}</title><path class="waits" d="M-18-7h12v2l-4.5 5 4.5 5v2h-12v-2l4.5-5-4.5-5z"/></svg>
`;
