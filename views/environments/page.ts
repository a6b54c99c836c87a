import type { Deployment } from "../../src/deployments/queries.ts";
import type { Histogram } from "../../src/environments/histogram.ts";
import type { EnvironmentCounts } from "../../src/record/changes.ts";
import { countOf, formatCount } from "../../src/text.ts";
import { ago, longTime } from "../../src/time/format.ts";
import { sameAsLinks } from "../deployments/same-as.ts";
import { endForm, stopTheLine } from "../freezes.ts";
import { shortMoment } from "../parts/address.ts";
import { linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { followButton } from "../parts/follow.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { empty, facts, head, panel, split } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { fullTime, time } from "../parts/time.ts";
import { type EnvironmentProps, pageHref } from "./address.ts";
import { histogram } from "./histogram.ts";
import { environmentLines } from "./lines.ts";
import { pastNote, picker } from "./moment.ts";

export function environmentPage(props: EnvironmentProps): Html {
  const { around, at } = props;
  const unknown = !around.first || (at !== undefined && at < around.first);
  return html`${header(props, unknown)}${at && pastNote(props, at)}
${props.histogram && changesChart(props, props.histogram)}${split(unknown ? unknownContents(props) : environmentLines(props), sidePanels(props))}`;
}

const changesChart = (props: EnvironmentProps, chart: Histogram): Html =>
  histogram({
    chart,
    environment: props.environment,
    at: props.at,
    now: props.now,
    zone: props.site.time_zone,
    hrefAt: (moment) => pageHref(props, { as_of: shortMoment(moment), after: undefined }),
  });

const pageTitle = ({ environment, nameThen, site, at }: EnvironmentProps): Html =>
  at
    ? html`What was on ${nameThen} on ${fullTime(at, site.time_zone)}`
    : html`${environment.retired_at ? "What was last on" : "What is on"} ${environment.name}`;

export const titleOf = ({
  environment,
  nameThen,
  site,
  at,
}: Pick<EnvironmentProps, "environment" | "nameThen" | "site" | "at">): string =>
  at ? `What was on ${nameThen} on ${longTime(at, site.time_zone)}` : `What is on ${environment.name}`;

const header = (props: EnvironmentProps, unknown: boolean): Html =>
  head({
    over: [
      html`Environment ${env(props.environment)}`,
      ...formerly(props),
      ...props.environment.servers.map((server) => html`<a href="${server.base_url}">${host(server.base_url)}</a>`),
    ],
    title: pageTitle(props),
    under: unknown ? undefined : summary(props),
    actions: html`${picker(props)}${!props.at && !props.environment.retired_at && followButton(props.site, { subject: "environment", name: props.environment.slug, back: `/sites/${props.site.slug}/environments/${props.environment.slug}` })}`,
  });

/** That it was renamed since the moment that is shown, and that it is retired. */
const formerly = ({ environment, nameThen, site }: EnvironmentProps): Piece[] => [
  ...(nameThen === environment.name ? [] : [`now called ${environment.name}`]),
  ...(environment.retired_at ? [html`retired ${fullTime(environment.retired_at, site.time_zone)}`] : []),
];

const host = (url: string): string => url.replace(/^https?:\/\//, "");

/** "8 pages and 2 software items. 1 changed out of band. Last changed 5 hours earlier. 3 items arrived later." */
function summary({ count, around, at, now }: EnvironmentProps): string {
  const past = at !== undefined;
  const band = count.out_of_band ? ` ${formatCount(count.out_of_band)} changed out of band.` : "";
  const newest = around.newest && ago(around.newest, at ?? now);
  const changed = past ? (newest === "just now" ? "at this moment" : newest?.replace("ago", "earlier")) : newest;
  const later = past && count.later ? ` ${countOf(count.later, "item")} arrived later.` : "";
  return `${contentsCount(count)}.${band} Last changed ${changed}.${later}`;
}

const contentsCount = ({ pages, software }: EnvironmentCounts): string =>
  `${countOf(pages, "page")} and ${countOf(software, "software item")}`;

/** An environment of which nothing was recorded is unknown, not empty. */
function unknownContents(props: EnvironmentProps): Html {
  const { site, environment, around, may, at, sameAs } = props;
  if (around.first)
    return empty(
      html`${statusBadge("unknown", "Unknown")}. The record of ${environment.name} starts on ${fullTime(around.first, site.time_zone)}; nothing is recorded for the time before.`,
      linkButton(pageHref(props, { as_of: shortMoment(around.first), after: undefined }), "Go to the first record"),
    );
  return empty(
    html`${statusBadge("unknown", "Unknown")}. Nothing ${at ? "had been recorded" : "has been recorded"} for ${environment.name} ${at ? "by then" : "yet"}.`,
    may.record &&
      !environment.retired_at &&
      html`${linkButton(
        `/sites/${site.slug}/deployments/new?environment=${environment.slug}`,
        "Record what is there",
        "primary",
      )} ${sameAsLinks(site, environment, sameAs)}`,
  );
}

function sidePanels(props: EnvironmentProps): Html {
  const { environment, site, now, deployments, at, around, sameAs } = props;
  const about = facts([
    ["Gate", props.gate],
    ...environment.servers.map((server): [Piece, Piece] => [
      server.name,
      html`<a href="${server.base_url}">${host(server.base_url)}</a>`,
    ]),
    ["Time zone", site.time_zone],
  ]);
  const all = `/sites/${site.slug}/deployments?environment=${environment.slug}`;
  const list = html`<ul class="steps">${each(deployments, (one) => html`<li><span><a href="/sites/${site.slug}/deployments/${one.number}">Deployment ${one.number}</a>, ${time(one.effective_at, site.time_zone, now)}</span><small>${deploymentWords(one)}</small></li>`)}</ul>
<p><a href="${all}">All deployments on ${environment.name}</a></p><p><a href="/sites/${site.slug}/history?environment=${environment.slug}">History of ${environment.name}</a></p>`;
  return html`${freezePanel(props)}${findingsPanel(props)}${panel("about", html`About ${environment.name}`, html`${about}${around.first && sameAs.length > 0 && html`<p>${sameAsLinks(site, environment, sameAs)}</p>`}`)}${deployments.length > 0 && panel("deployments", at ? "Deployments up to then" : "Deployments", list)}`;
}

/** What visits to its servers found, today. */
function findingsPanel({ site, environment, findings, at }: EnvironmentProps): Html | false {
  if (at || environment.retired_at || environment.servers.length === 0) return false;
  const total = findings.reduce((sum, { count }) => sum + count, 0);
  const list = `/sites/${site.slug}/findings?environment=${environment.slug}`;
  const found = html`<p>${statusBadge(total ? "blocked" : "same", html`<a href="${list}">${countOf(total, "finding")}</a>`)}</p>`;
  return panel(
    "findings",
    "Findings",
    html`${total > 0 && found}<p><a href="/sites/${site.slug}/observations/${environment.slug}">Visits to ${environment.name}</a></p>`,
  );
}

/** What freezes it at the moment that is shown, and what will; today, for those who may, with the forms to set and end one. */
function freezePanel({ site, environment, freezes, at, may, now, key }: EnvironmentProps): Html | false {
  const acts = may.freeze && !at && !environment.retired_at;
  const shown = at ? freezes.filter(({ active }) => active) : freezes;
  if (!shown.length && !acts) return false;
  const show = (iso: string) => time(iso, site.time_zone, now);
  const items = each(shown, (freeze) => {
    const { starts_at, ends_at } = freeze.window;
    const times = html`${freeze.active ? "" : html`from ${show(starts_at)} `}until ${ends_at ? show(ends_at) : "somebody ends it"}`;
    const word = statusBadge(freeze.active ? "blocked" : "waiting", freeze.active ? "frozen" : "planned");
    return html`<li>${word}<small>${times}: <span class="quote">${freeze.reason}</span>, set by ${nameOf(freeze)}</small>${acts && freeze.active && endForm(site, freeze, undefined, "environment")}</li>`;
  });
  const links = html`<p><a href="/sites/${site.slug}/settings/freezes?environment=${environment.slug}">${acts ? "Plan a freeze" : "All freezes"}</a>, <a href="/sites/${site.slug}/calendar">calendar</a></p>`;
  const isOpen = shown.some(({ active, window }) => active && window.ends_at === null);
  return panel(
    "freezes",
    at ? "Freezes then" : "Freezes",
    html`${shown.length > 0 && html`<ul class="steps">${items}</ul>`}${acts && !isOpen && stopTheLine(site, environment, key)}${links}`,
  );
}

/** "3 changed, 1 unchanged, by Cleo", with a badge for what is out of band. */
function deploymentWords(deployment: Deployment): Html {
  const { changed, unchanged, promotion, out_of_band, baseline } = deployment;
  const words = [
    baseline ? "baseline" : "",
    changed ? `${formatCount(changed)} changed` : "nothing changed",
    unchanged && changed ? `${formatCount(unchanged)} unchanged` : "",
    promotion ? `promotion ${promotion}` : "",
  ].filter(Boolean);
  return html`${words.join(", ")}, by ${nameOf(deployment)}${out_of_band > 0 && html` ${statusBadge("band", `${out_of_band} out of band`)}`}${deployment.freezes.length > 0 && html` ${statusBadge("band", "during a freeze")}`}`;
}
