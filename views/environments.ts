import type { Correction } from "../src/corrections/queries.ts";
import type { Deployment } from "../src/deployments/queries.ts";
import type { ApprovedBy, Standing } from "../src/environments/as-of.ts";
import type { Around, Count } from "../src/environments/changes.ts";
import type { Histogram } from "../src/environments/histogram.ts";
import type { Environment } from "../src/environments/queries.ts";
import type { Kind } from "../src/schema.ts";
import type { Site } from "../src/sites/queries.ts";
import { correctionTold } from "./corrections.ts";
import { histogram } from "./histogram.ts";
import { address, shortest } from "./parts/address.ts";
import { artifactLink, version } from "./parts/artifact.ts";
import { takeAway } from "./parts/away.ts";
import { button, hiddenField, linkButton } from "./parts/button.ts";
import { env } from "./parts/env.ts";
import { input } from "./parts/field.ts";
import { each, type Html, html, type Piece } from "./parts/html.ts";
import { is } from "./parts/is.ts";
import { cell, group, ledger, pager, row, rowHead } from "./parts/ledger.ts";
import { momentExamples, momentInput } from "./parts/moment.ts";
import { chips, empty, facts, fold, head, note, panel, split } from "./parts/page.ts";
import { approvedBy, cameBy, sectionName, since } from "./parts/placement.ts";
import { ago, fullTime, longTime, time } from "./parts/time.ts";

export type EnvironmentProps = {
  site: Site;
  environment: Environment;
  now: string;
  /** The past moment that is shown; nothing where it is now. */
  at?: string | undefined;
  knownAt?: string | undefined;
  /** What had to be decided about the moment. */
  said?: string | undefined;
  /** The moment as it is written in its field: what was asked for where that cannot be shown. */
  typed: string;
  /** The same for when it was known. */
  typedKnown: string;
  /** Whether it is known otherwise now than it was known then (or, without a moment at which it was known, at the moment itself). */
  knownOtherwise: boolean;
  /** Lines that were corrected after the moment at which they were known, by the seq of their placements. */
  corrected: Map<number, Correction>;
  /** Why it cannot be shown. */
  wrong?: { message: string } | undefined;
  filter: { kind?: Kind | undefined; text?: string | undefined };
  continued: boolean;
  count: Count;
  around: Around;
  /** Nothing where nothing was ever recorded. */
  histogram?: Histogram | undefined;
  lines: Standing[];
  next?: string | undefined;
  approvers: Map<string, ApprovedBy[]>;
  removed: Standing[];
  deployments: Deployment[];
  may: { record: boolean };
};

const base = ({ site, environment }: EnvironmentProps): string =>
  `/sites/${site.slug}/environments/${environment.slug}`;

/** The same page with something else in its address. */
const here = (props: EnvironmentProps, other: Record<string, string | undefined> = {}): string =>
  address(base(props), {
    as_of: props.at && shortest(props.at),
    known_at: props.knownAt && shortest(props.knownAt),
    ...props.filter,
    ...other,
  });

export function environmentPage(props: EnvironmentProps): Html {
  const { around, at } = props;
  const unknown = !around.first || (at !== undefined && at < around.first);
  return html`${header(props, unknown)}${at && pastNote(props, at)}
${props.histogram && drawnChanges(props, props.histogram)}${split(unknown ? nothingKnown(props) : standingThere(props), beside(props))}`;
}

const drawnChanges = (props: EnvironmentProps, drawn: Histogram): Html =>
  histogram({
    drawn,
    place: props.environment,
    at: props.at,
    now: props.now,
    zone: props.site.time_zone,
    to: (moment) => here(props, { as_of: shortest(moment), after: undefined }),
  });

const titled = ({ environment, site, at }: EnvironmentProps): Html =>
  at ? html`What was on ${environment.name} on ${fullTime(at, site.time_zone)}` : html`What is on ${environment.name}`;

export const titleOf = ({ environment, site, at }: Pick<EnvironmentProps, "environment" | "site" | "at">): string =>
  at ? `What was on ${environment.name} on ${longTime(at, site.time_zone)}` : `What is on ${environment.name}`;

const header = (props: EnvironmentProps, unknown: boolean): Html =>
  head({
    over: [
      html`Environment ${env(props.environment)}`,
      ...props.environment.servers.map((server) => html`<a href="${server.base_url}">${host(server.base_url)}</a>`),
    ],
    title: titled(props),
    under: unknown ? undefined : summary(props),
    actions: picker(props),
  });

const host = (url: string): string => url.replace(/^https?:\/\//, "");

/** "8 pages and 2 pieces of software stood there. 1 came or went out of band. The newest change had come 5 hours before." */
function summary({ count, around, at, now }: EnvironmentProps): string {
  const past = at !== undefined;
  const band = count.out_of_band ? ` ${count.out_of_band} came or went out of band.` : "";
  const newest = around.newest && ago(around.newest, at ?? now);
  const change = past
    ? `had ${newest === "just now" ? "just come" : `come ${newest?.replace("ago", "before")}`}`
    : `came ${newest}`;
  const unknown = past && count.unknown ? ` ${count.unknown} more, known by now, had not been recorded there yet.` : "";
  return `${stock(count)} ${past ? "stood" : count.pages + count.software === 1 ? "stands" : "stand"} there.${band} The newest change ${change}.${unknown}`;
}

function stock({ pages, software }: Count): string {
  const pieces = `${software.toLocaleString("en-GB")} ${software === 1 ? "piece" : "pieces"} of software`;
  return `${pages.toLocaleString("en-GB")} ${pages === 1 ? "page" : "pages"} and ${pieces}`;
}

/** Choosing a moment, by naming it or by going from change to change. */
function picker(props: EnvironmentProps): Html {
  const { site, around, at, filter, wrong } = props;
  const zone = site.time_zone;
  const step = (to: string | undefined, text: Piece) =>
    to &&
    html`<a class="button" href="${here(props, { as_of: shortest(to), after: undefined })}" title="${longTime(to, zone)}">${text}</a>`;
  return html`<form class="moment" action="${base(props)}">
${momentInput({
  name: "as_of",
  label: "At this moment",
  value: props.typed,
  hint: "Such as 3 March 14:00, yesterday or 2 days ago",
  error: wrong?.message,
})}${momentExamples}
${filter.kind && hiddenField("kind", filter.kind)}${filter.text && hiddenField("text", filter.text)}
${button({ text: "Show" })}
${step(around.previous, html`<span aria-hidden="true">‹</span> Change before`)}${step(at ? around.next : undefined, html`Change after <span aria-hidden="true">›</span>`)}
${fold(
  "As it was known at another moment",
  momentInput({
    name: "known_at",
    label: "As it was known at",
    value: props.typedKnown,
    hint: "Leaves out what was recorded after that moment",
  }),
  { open: props.typedKnown !== "" },
)}</form>`;
}

function pastNote(props: EnvironmentProps, at: string): Html {
  const { site, environment, around, said, knownAt } = props;
  const known = knownAt
    ? html`as it was known on ${fullTime(knownAt, site.time_zone)}${knownWhen(at, knownAt)}`
    : "as it is known today";
  const many =
    around.since >= 1000
      ? "more than 1,000 things have"
      : around.since === 1
        ? "1 thing has"
        : `${around.since || "no"} things have`;
  const link = shortest(at);
  return note(
    html`You are looking at the past, ${known}. Since then ${around.since ? many : "nothing has"} changed here.${said && html` ${said}`}${otherwise(props, at)}`,
    {
      tier: environment.tier,
      actions: html`<a href="${address(`/sites/${site.slug}/compare`, { from: `${environment.slug}@${link}`, to: environment.slug })}">Compare with now</a><a href="${here(props)}">Link to this moment</a><a href="${address(base(props), props.filter)}">Go to now</a>`,
    },
  );
}

/** ", 2 days later" */
function knownWhen(at: string, knownAt: string): string {
  const apart = Math.abs(Date.parse(knownAt) - Date.parse(at));
  if (apart < 60_000) return ", at that very moment";
  return knownAt > at
    ? `, ${ago(at, knownAt).replace("ago", "later")}`
    : `, ${ago(knownAt, at).replace("ago", "before")}`;
}

/** Where what is known of the moment has changed since: to how it was known then, or is now. */
function otherwise(props: EnvironmentProps, at: string): Html | false {
  const { knownAt, knownOtherwise, site, environment } = props;
  if (!knownOtherwise) return knownAt !== undefined && html` It is known no otherwise today.`;
  const moment = `${environment.slug}@${shortest(at)}`;
  const known = shortest(knownAt ?? at);
  const differs = address(`/sites/${site.slug}/compare`, { from: moment, to: moment, from_known_at: known });
  const other = knownAt
    ? html`<a href="${here(props, { known_at: undefined })}">as it is known now</a>`
    : html`<a href="${here(props, { known_at: known })}">as it was known then</a>`;
  return html` ${knownAt ? "It is known otherwise today" : "It was known otherwise at the time"}: see it ${other}, or <a href="${differs}">what differs</a>.`;
}

/** What was never recorded is unknown, not empty. */
function nothingKnown(props: EnvironmentProps): Html {
  const { site, environment, around, may, at } = props;
  if (around.first)
    return empty(
      html`${is("unknown", "Unknown")}. Sitebook was told of ${environment.name} from ${fullTime(around.first, site.time_zone)} on; nobody has said what stood there before.`,
      linkButton(here(props, { as_of: shortest(around.first), after: undefined }), "Go to the first record"),
    );
  return empty(
    html`${is("unknown", "Unknown")}. Nobody has told Sitebook ${at ? "by then " : ""}what stands on ${environment.name}.`,
    may.record &&
      linkButton(
        `/sites/${site.slug}/deployments/new?environment=${environment.slug}`,
        "Record a deployment",
        "primary",
      ),
  );
}

function standingThere(props: EnvironmentProps): Html {
  const { lines, next, removed } = props;
  return html`<h2 class="sr">Pages and software</h2>
${filters(props)}
${lines.length || removed.length ? table(props) : nothingLikeThat(props)}
${pager({ previous: props.continued ? here(props) : undefined, previousWord: "Beginning", next: next && here(props, { after: next }), nextWord: "More" })}
${away(props)}`;
}

function away(props: EnvironmentProps): Html {
  const { at, knownAt, filter } = props;
  const moments = { as_of: at && shortest(at), known_at: knownAt && shortest(knownAt) };
  return takeAway(
    base(props),
    { ...moments, ...filter },
    html`<a href="${address(`${base(props)}/evidence.zip`, moments)}" download>Evidence pack</a>`,
  );
}

function nothingLikeThat(props: EnvironmentProps): Html {
  const { kind, text } = props.filter;
  const everything = linkButton(here(props, { kind: undefined, text: undefined }), "Show everything");
  if (props.continued) return empty("That was all.", everything);
  if (kind || text) return empty("Nothing of what stood there is like that.", everything);
  return empty("Everything that was recorded here has been removed again.");
}

function filters(props: EnvironmentProps): Html {
  const { count, filter } = props;
  const kinds: [string | undefined, string, number][] = [
    [undefined, "All", count.pages + count.software],
    ["page", "Pages", count.pages],
    ["software", "Software", count.software],
  ];
  return html`<div class="filters">${chips(
    "Kind",
    kinds.map(([kind, text, many]) => ({
      href: here(props, { kind, text: undefined }),
      text,
      count: many.toLocaleString("en-GB"),
      current: filter.kind === kind && !filter.text,
    })),
  )}
<form action="${base(props)}">${props.at && hiddenField("as_of", shortest(props.at))}${props.knownAt && hiddenField("known_at", shortest(props.knownAt))}${filter.kind && hiddenField("kind", filter.kind)}${input({ name: "text", type: "search", label: "Path, name or title contains", quiet: true, value: filter.text, more: { placeholder: "Path, name or title" } })}${button({ text: "Find" })}</form></div>`;
}

const COLUMNS = ["Page or software", "Version", "Since", "Came by", "Approved by"];

function table(props: EnvironmentProps): Html {
  const { lines, removed, site, environment, at, continued } = props;
  const sections = [...Map.groupBy(lines, (line) => sectionName(line))];
  const groups: [string, Standing[]][] = removed.length ? [["Removed by this change", removed], ...sections] : sections;
  const when = at ? ` at ${longTime(at, site.time_zone)}` : " now";
  return ledger({
    caption: `What stands on ${environment.name}${when}, with its version and who approved it`,
    quiet: true,
    columns: COLUMNS,
    look: "flow",
    body: each(groups, ([name, rows], i) =>
      group(
        continued && i === 0 ? `${name}, continued` : name,
        COLUMNS.length,
        each(rows, (line) => standingRow(props, line)),
      ),
    ),
  });
}

function standingRow(props: EnvironmentProps, line: Standing): Html {
  const { site, at, now, environment, approvers } = props;
  const fresh = line.effective_at === at && line.version !== null && html` ${is("changed", "by this change")}`;
  const approvals = approvers.get(line.promotion_id ?? "") ?? [];
  const wrong = props.corrected.get(line.seq);
  return row(
    html`${rowHead(artifactLink(site.slug, line))}${cell("Version", line.version === null ? is("removed", "removed") : version(line.version))}${cell("Since", html`<span>${since(line, site.time_zone, now)}${fresh}</span>`)}${cell("Came by", html`${cameBy(site.slug, line)}${wrong && html`<br>${correctionTold(wrong, site, now)}`}`)}${cell("Approved by", approvedBy(approvals, environment, { zone: site.time_zone, now }))}`,
    wrong ? "corrected" : undefined,
  );
}

function beside(props: EnvironmentProps): Html {
  const { environment, site, now, deployments, at } = props;
  const gate = environment.gate?.requirements ?? [];
  const about = facts([
    [
      "Gate",
      gate.length
        ? gate.map(({ role, count }) => `${count > 1 ? `${count} of ` : ""}${role.replaceAll("-", " ")}`).join(", ")
        : "none: who may record, may",
    ],
    ...environment.servers.map((server): [Piece, Piece] => [
      server.name,
      html`<a href="${server.base_url}">${host(server.base_url)}</a>`,
    ]),
    ["Times", site.time_zone],
  ]);
  const all = `/sites/${site.slug}/deployments?environment=${environment.slug}`;
  const told = html`<ul class="steps">${each(deployments, (one) => html`<li><span><a href="/sites/${site.slug}/deployments/${one.number}">Deployment ${one.number}</a>, ${time(one.effective_at, site.time_zone, now)}</span><small>${deploymentWords(one)}</small></li>`)}</ul>
<p><a href="${all}">All deployments on ${environment.name}</a></p><p><a href="/sites/${site.slug}/history?environment=${environment.slug}">History of ${environment.name}</a></p>`;
  return html`${panel("about", html`About ${environment.name}`, about)}${deployments.length > 0 && panel("deployments", at ? "Deployments until then" : "Deployments", told)}`;
}

/** "3 changed, 1 as before, out of band, by Cleo" */
function deploymentWords(one: Deployment): Html {
  const words = [
    one.changed ? `${one.changed} changed` : "nothing changed",
    one.unchanged && one.changed ? `${one.unchanged} as before` : "",
    one.promotion ? `promotion ${one.promotion}` : "",
    `by ${one.person}`,
  ].filter(Boolean);
  return html`${words.join(", ")}${one.out_of_band > 0 && html` ${is("band", `${one.out_of_band} out of band`)}`}`;
}
