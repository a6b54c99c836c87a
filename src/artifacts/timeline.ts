import { twoDigits } from "../time/calendar.ts";
import { localInput, longTime } from "../time/format.ts";
import { parseMoment } from "../time/parse-moment.ts";
import type { Change, RetractedPlacement } from "./queries.ts";

/** A version in one environment for a period, or several that are too short to be drawn apart; x and width are in percent. */
export interface Bar {
  x: number;
  width: number;
  /** The seqs of the placements of these versions, oldest first. */
  seqs: [number, ...number[]];
  band: boolean;
  /** It is there now. */
  now: boolean;
  since: string;
  until: string | undefined;
}

export interface Lane {
  bars: Bar[];
  /** When it is known not to be there. */
  removed: { x: number; width: number }[];
  /** Placements that were recorded and later corrected. */
  retracted: { x: number; version: string | null; at: string }[];
}

export interface Timeline {
  from: string;
  to: string;
  lanes: Lane[];
  ticks: { x: number; text: string; minor: boolean }[];
  /** There are more changes than are drawn: older ones are left out. */
  cut: boolean;
}

/** How many changes of one lane are drawn at most. */
export const maxSpans = 300;

interface Range {
  from: string | undefined;
  to: string;
  now: string;
  zone: string;
}

/**
 * Lays out a lane for each environment from its spans, newest first, and its retracted placements. `ends`: when the
 * environments were retired, if they were.
 */
export function layOutTimeline(
  spans: Change[][],
  { from, to, now, zone }: Range,
  retracted: Pick<RetractedPlacement, "effective_at" | "version">[][] = [],
  ends: (string | null)[] = [],
): Timeline {
  const full = spans.filter((lane) => lane.length >= maxSpans).map((lane) => lane.at(-1)?.effective_at ?? to);
  const firsts = spans.flatMap((lane) => lane.at(-1)?.effective_at ?? []);
  const start = [from ?? firsts.sort()[0] ?? to, ...full].sort().at(-1) as string;
  const xOf = scale(start, to);
  return {
    from: start,
    to,
    lanes: spans.map((lane, i) => ({
      ...layOutLane(mergeRuns(lane), xOf, { now: to === now, retired_at: ends[i] ?? undefined }),
      retracted: (retracted[i] ?? [])
        .filter(({ effective_at }) => effective_at >= start)
        .map(({ effective_at, version }) => ({ x: xOf(effective_at), version, at: effective_at })),
    })),
    ticks: ticksBetween(start, to, zone).map(({ at, ...tick }) => ({ ...tick, x: xOf(at) })),
    cut: full.length > 0,
  };
}

/** The seqs of the placements whose versions the timeline names: of each bar the first and the last. */
export const namedSeqs = ({ lanes }: Timeline): number[] =>
  lanes.flatMap(({ bars }) => bars.flatMap(({ seqs }) => (seqs.length > 1 ? [seqs[0], seqs.at(-1) as number] : seqs)));

type Scale = (moment: string) => number;

function scale(from: string, to: string): Scale {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const durationMs = Math.max(end - start, 1);
  return (moment) => rounded(Math.min(100, Math.max(0, ((Date.parse(moment) - start) / durationMs) * 100)));
}

const rounded = (percent: number): number => Math.round(percent * 100) / 100;

/** Oldest first; successive spans of one version, all in band or all out of band, become one. */
function mergeRuns(newestFirst: Change[]): Change[] {
  return newestFirst.toReversed().filter((span, i, all) => {
    const before = all[i - 1];
    return before?.version_id !== span.version_id || before.out_of_band !== span.out_of_band;
  });
}

/** A bar that is less wide shows only its edge, 3 of about 1,000 pixels. */
const minWidth = 0.4;

/** Wide enough to point at, and to be named by its first and its last version. */
const maxSharedWidth = 4;

const mayShare = ({ width, seqs, until }: Bar): boolean =>
  until !== undefined && width < (seqs.length > 1 ? maxSharedWidth : minWidth);

function layOutLane(
  spans: Change[],
  xOf: Scale,
  { now, retired_at }: { now: boolean; retired_at: string | undefined },
): Omit<Lane, "retracted"> {
  const lane: Omit<Lane, "retracted"> = { bars: [], removed: [] };
  for (const [i, span] of spans.entries()) {
    const next = spans[i + 1]?.effective_at ?? retired_at;
    const x = xOf(span.effective_at);
    const end = next === undefined ? 100 : xOf(next);
    if (end <= 0 || x >= 100) continue;
    const width = Math.max(rounded(end - x), 0.3);
    if (span.version_id === null) {
      lane.removed.push({ x, width });
      continue;
    }
    const bar: Bar = {
      x,
      width,
      seqs: [span.seq],
      band: span.out_of_band === 1,
      now: next === undefined && now,
      since: span.effective_at,
      until: next,
    };
    const before = lane.bars.at(-1);
    if (before?.until === bar.since && before.band === bar.band && mayShare(before) && mayShare(bar)) {
      before.seqs.push(span.seq);
      before.width = Math.max(rounded(end - before.x), 0.3);
      before.until = next;
    } else lane.bars.push(bar);
  }
  return lane;
}

const dayMs = 86_400_000;

/** Where six hours, days, weeks, months or years begin, whichever of them there is room for. */
function ticksBetween(from: string, to: string, zone: string) {
  const days = (Date.parse(to) - Date.parse(from)) / dayMs;
  const [first, last] = [localInput(from, zone), localInput(to, zone)];
  const [year = 0, month = 1] = first.split("-").map(Number);
  const ticks: { local: string; text: (long: string) => string; minor: boolean }[] = [];
  const count = (Number(last.slice(0, 4)) - year) * 12 + Number(last.slice(5, 7)) - month;
  for (let i = 0; i <= count; i++) {
    const [y, m] = [year + Math.floor((month - 1 + i) / 12), ((month - 1 + i) % 12) + 1];
    for (const d of daysOf(days)) {
      const local = `${y}-${twoDigits(m)}-${twoDigits(d)}`;
      if (days <= 2)
        for (const h of [0, 6, 12, 18])
          ticks.push({ local: `${local}T${twoDigits(h)}:00`, text: h ? clock : dayOf, minor: h % 12 > 0 });
      else if (days <= 800)
        ticks.push({ local: `${local}T00:00`, text: dayOf, minor: d > 1 || (days > 200 && m % 3 !== 1) });
      else if (m === 1) ticks.push({ local: `${local}T00:00`, text: yearOf, minor: y % 2 > 0 });
    }
  }
  return ticks
    .filter(({ local }) => local >= first && local <= last)
    .flatMap(({ local, text, minor }) => {
      const read = parseMoment(local, zone, "9999-01-01T00:00:00.000Z");
      return "at" in read ? [{ at: read.at, text: text(longTime(read.at, zone)), minor }] : [];
    });
}

function daysOf(days: number): number[] {
  if (days <= 14) return Array.from({ length: 31 }, (_, i) => i + 1);
  if (days <= 70) return [1, 8, 15, 22];
  return days <= 200 ? [1, 15] : [1];
}

const clock = (long: string): string => long.replace(/^.*, /, "");

const yearOf = (long: string): string => /\d{4}/.exec(long)?.[0] ?? "";

/** "3 Mar"; the first of January names its year. */
function dayOf(long: string): string {
  const [date = "", month = "", year = ""] = long.split(/[ ,]+/);
  return `${date} ${month.slice(0, 3)}${date === "1" && month === "January" ? ` ${year}` : ""}`;
}
