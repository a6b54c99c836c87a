import type { Site } from "../src/access/sites.ts";
import type { FreezeOnDay, Period } from "../src/calendar/days.ts";
import type { CompletedPromotion, PlannedMoment } from "../src/calendar/queries.ts";
import { addDays, monthNames, weekdayNames, weekdayOf } from "../src/time/calendar.ts";
import { clockTime } from "../src/time/format.ts";
import { startOfDay } from "../src/time/parse-moment.ts";
import { env } from "./parts/environment.ts";
import { each, type Html, html } from "./parts/html.ts";
import { chips, empty, head, note } from "./parts/page.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "./parts/table.ts";

type Props = {
  site: Site;
  now: string;
  period: Period;
  /** The date of today, and that of the Monday with which a week view of the period begins. */
  today: string;
  week: string;
  /** By date. */
  freezes: Map<string, FreezeOnDay[]>;
  promotions: Map<string, CompletedPromotion[]>;
  planned: Map<string, PlannedMoment[]>;
  /** Whether there are more promotions than the page shows. */
  isCut: boolean;
};

export function calendarPage(props: Props): Html {
  const { site, period, today, week, isCut } = props;
  const base = `/sites/${site.slug}/calendar`;
  const link = (name: string) => `${base}?${period.kind}=${name}`;
  const busy = period.dates.filter(
    (date) =>
      date === today || props.freezes.get(date)?.length || props.promotions.has(date) || props.planned.has(date),
  );
  const days = period.kind === "week" ? period.dates : busy;
  return html`${head({
    title: titleOf(period),
    under: html`<a href="/sites/${site.slug}/settings/freezes">Freezes</a>, promotions by the day on which they took effect, and what is planned. <a href="/sites/${site.slug}/feeds?what=calendar:">Subscribe</a>`,
    actions: chips("View", [
      {
        href: `${base}?month=${(period.dates[0] as string).slice(0, 7)}`,
        text: "Month",
        current: period.kind === "month",
      },
      { href: `${base}?week=${week}`, text: "Week", current: period.kind === "week" },
      { href: period.kind === "week" ? `${base}?week=${today}` : base, text: "Today", current: false },
    ]),
  })}
${isCut && note("There are more promotions than this page shows. Open a week to see fewer days.")}
${
  days.length === 0
    ? empty(`No freezes or promotions in this ${period.kind}.`)
    : table({
        caption: titleOf(period),
        quiet: true,
        columns: ["Day", "Freezes", "Promotions"],
        body: each(days, (date) => day(props, date)),
      })
}
${pager({ of: "Calendar", previous: link(period.previous), previousWord: `Previous ${period.kind}`, next: link(period.next), nextWord: `Next ${period.kind}` })}`;
}

/** "March 2026"; "Week of Monday 2 March 2026" */
const titleOf = ({ kind, dates: [first = ""] }: Period): string =>
  kind === "month" ? monthOf(first) : `Week of ${dayName(first)} ${monthOf(first)}`;

const monthOf = (date: string): string => `${monthNames[Number(date.slice(5, 7)) - 1]} ${Number(date.slice(0, 4))}`;

const dayName = (date: string): string => `${weekdayNames[weekdayOf(date)]} ${Number(date.slice(8))}`;

function day(props: Props, date: string): Html {
  const freezes = props.freezes.get(date) ?? [];
  const promotions = [
    ...(props.promotions.get(date) ?? []).map((promotion) => completed(props, promotion)),
    ...(props.planned.get(date) ?? []).map((moment) => planned(props, moment)),
  ];
  const none = html`<span class="none">none</span>`;
  const name = html`${dayName(date)} ${(monthNames[Number(date.slice(5, 7)) - 1] ?? "").slice(0, 3)}${date === props.today && html` <b>today</b>`}`;
  return row(
    html`${rowHead(name)}${cell("Freezes", freezes.length ? each(freezes, (freeze) => frozen(props, date, freeze)) : none)}${cell("Promotions", promotions.length ? html`${promotions}` : none)}`,
  );
}

const frozen = (props: Props, date: string, { window, ...freeze }: FreezeOnDay): Html =>
  html`<div>${env({ name: freeze.environment_name, tier: freeze.tier })} ${hours(props, date, window)} <small><bdi>${freeze.reason}</bdi>, freeze ${freeze.number}</small></div>`;

/** "all day", "from 22:00", "until 06:00", "10:00 to 12:00" */
function hours({ site, today }: Props, date: string, { starts_at, ends_at }: FreezeOnDay["window"]): string {
  const zone = site.time_zone;
  const tomorrow = startOfDay(addDays(date, 1), zone);
  const starts = starts_at >= startOfDay(date, zone) ? clockTime(starts_at, zone) : undefined;
  const ends = ends_at !== null && ends_at < tomorrow ? clockTime(ends_at, zone) : undefined;
  const open = ends_at === null && date === today ? ", until somebody ends it" : "";
  if (starts === undefined || starts === "00:00") return ends ? `until ${ends}` : `all day${open}`;
  return ends ? `${starts} to ${ends}` : `from ${starts}${open}`;
}

const completed = ({ site }: Props, { number, name, effective_at, environment, tier }: CompletedPromotion): Html =>
  html`<div>${clockTime(effective_at, site.time_zone)} <a href="/sites/${site.slug}/promotions/${number}"><bdi>${name}</bdi></a> on ${env({ name: environment, tier })}</div>`;

function planned({ site, now }: Props, { number, name, what, at, by_itself, environment, tier }: PlannedMoment): Html {
  const words = `planned${what === "take_down" ? " take-down" : ""}${at <= now ? ", now due" : by_itself ? ", by itself" : ""}`;
  return html`<div>${clockTime(at, site.time_zone)} <a href="/sites/${site.slug}/promotions/${number}"><bdi>${name}</bdi></a> on ${env({ name: environment, tier })} ${statusBadge(at <= now ? "blocked" : "waiting", words)}</div>`;
}
