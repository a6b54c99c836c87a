import type { Deployment } from "../../src/deployments/queries.ts";
import type { Histogram } from "../../src/environments/histogram.ts";
import type { EnvironmentCounts } from "../../src/record/changes.ts";
import { formatCount } from "../../src/text.ts";
import { ago, longTime } from "../../src/time/format.ts";
import { shortMoment } from "../parts/address.ts";
import { linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { empty, facts, head, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { fullTime, time } from "../parts/time.ts";
import { type EnvironmentProps, here } from "./address.ts";
import { histogram } from "./histogram.ts";
import { environmentLines } from "./lines.ts";
import { pastNote, picker } from "./moment.ts";

export function environmentPage(props: EnvironmentProps): Html {
  const { around, at } = props;
  const unknown = !around.first || (at !== undefined && at < around.first);
  return html`${header(props, unknown)}${at && pastNote(props, at)}
${props.histogram && drawnChanges(props, props.histogram)}${split(unknown ? nothingKnown(props) : environmentLines(props), beside(props))}`;
}

const drawnChanges = (props: EnvironmentProps, drawn: Histogram): Html =>
  histogram({
    drawn,
    place: props.environment,
    at: props.at,
    now: props.now,
    zone: props.site.time_zone,
    to: (moment) => here(props, { as_of: shortMoment(moment), after: undefined }),
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

function stock({ pages, software }: EnvironmentCounts): string {
  const pieces = `${formatCount(software)} ${software === 1 ? "piece" : "pieces"} of software`;
  return `${formatCount(pages)} ${pages === 1 ? "page" : "pages"} and ${pieces}`;
}

/** What was never recorded is unknown, not empty. */
function nothingKnown(props: EnvironmentProps): Html {
  const { site, environment, around, may, at } = props;
  if (around.first)
    return empty(
      html`${statusBadge("unknown", "Unknown")}. Sitebook was told of ${environment.name} from ${fullTime(around.first, site.time_zone)} on; nobody has said what stood there before.`,
      linkButton(here(props, { as_of: shortMoment(around.first), after: undefined }), "Go to the first record"),
    );
  return empty(
    html`${statusBadge("unknown", "Unknown")}. Nobody has told Sitebook ${at ? "by then " : ""}what stands on ${environment.name}.`,
    may.record &&
      linkButton(
        `/sites/${site.slug}/deployments/new?environment=${environment.slug}`,
        "Record a deployment",
        "primary",
      ),
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
  return html`${words.join(", ")}${one.out_of_band > 0 && html` ${statusBadge("band", `${one.out_of_band} out of band`)}`}`;
}
