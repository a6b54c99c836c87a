import type { Difference } from "../../src/observations/difference.ts";
import type { listNoise } from "../../src/observations/noise.ts";
import type { PageState } from "../../src/observations/states.ts";
import { formatCount } from "../../src/text.ts";
import { shortTime } from "../../src/time/format.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, path as pathText, serverAddress } from "../parts/artifact.ts";
import { button, hiddenField, postButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { select } from "../parts/field.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { chips, empty, head } from "../parts/page.ts";
import { type StatusKind, statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { differencePart, differenceWords } from "./difference.ts";

type Server = { id: string; name: string; base_url: string };

type Props = {
  site: { slug: string; time_zone: string };
  now: string;
  environment: { slug: string; name: string; tier: string; servers: Server[] };
  server: Server;
  path: string;
  /** Newest first. */
  states: PageState[];
  /** Two of them; `difference` is undefined if the content of one is not kept. */
  compared: { before: PageState; after: PageState; difference: Difference | undefined } | undefined;
  noise: Awaited<ReturnType<typeof listNoise>>;
  may: { record: boolean };
};

export function observedPage(props: Props): Html {
  const { site, environment, server, path, states } = props;
  return html`${head({
    over: [
      html`Environment <a href="/sites/${site.slug}/environments/${environment.slug}">${env(environment)}</a>`,
      html`<a href="/sites/${site.slug}/observations/${environment.slug}">Visits</a>`,
      artifactLink(site.slug, { kind: "page", key: path }),
    ],
    title: html`What ${environment.name} shows of ${pathText(path)}`,
    under: html`As visits saw it on <a href="${serverAddress(server.base_url, path)}"><bdi>${server.name}</bdi></a>.`,
  })}
${servers(props)}${states.length ? html`${comparison(props)}${stateList(props)}` : empty("No visit has seen this page here yet.")}${noiseList(props)}`;
}

const addressOf = ({ site, environment, server, path }: Props, more: Record<string, string> = {}): string =>
  pathWithQuery(`/sites/${site.slug}/observations/${environment.slug}/page`, { path, server: server.name, ...more });

const servers = (props: Props): Html | false =>
  props.environment.servers.length > 1 &&
  html`<div class="filters">${chips(
    "Servers",
    props.environment.servers.map((server) => ({
      href: addressOf({ ...props, server }),
      text: html`<bdi>${server.name}</bdi>`,
      current: server.id === props.server.id,
    })),
  )}</div>`;

function comparison(props: Props): Html | false {
  const { site, now, compared } = props;
  if (!compared) return false;
  const { before, after, difference } = compared;
  const from = (state: PageState) => html`From ${time(state.seen_at, site.time_zone, now)}`;
  const part = difference
    ? html`<p class="lead">${differenceWords(difference)}</p>${differencePart(difference, { before: from(before), after: from(after) })}`
    : html`<p>The content of one of them was not kept: it is no text, or too long.</p>`;
  return html`<section aria-labelledby="difference"><h2 id="difference">What changed</h2>${pickStates(props, before, after)}${part}</section>`;
}

/** Which two states are compared. */
function pickStates(props: Props, before: PageState, after: PageState): Html | false {
  const { site, environment, server, path, states, now } = props;
  const shown = states.filter(({ outcome }) => outcome === "shown");
  if (shown.length < 3) return false;
  const choices = shown.map(({ id, seen_at }) => ({ value: id, label: shortTime(seen_at, site.time_zone, now) }));
  return html`<form class="filters" method="get" action="/sites/${site.slug}/observations/${environment.slug}/page">${hiddenField("path", path)}${hiddenField("server", server.name)}
${select({ name: "from", label: "Before", value: before.id, choices })}
${select({ name: "to", label: "After", value: after.id, choices })}
${button({ text: "Compare" })}</form>`;
}

const outcomes: Record<PageState["outcome"], [StatusKind, string]> = {
  shown: ["approved", "shown"],
  missing: ["blocked", "missing"],
  unobserved: ["unknown", "could not be observed"],
};

function stateList(props: Props): Html {
  const { site, now, states } = props;
  const body = each(states, ({ id, seen_at, outcome, reason, status, title, bytes }, i) => {
    const [kind, word] = outcomes[outcome];
    const isCompared = outcome === "shown" && states.slice(i + 1).some((one) => one.outcome === "shown");
    const what =
      isCompared && html`<a href="${addressOf(props, { to: id })}">What changed<span class="sr"> then</span></a>`;
    return row(
      html`${rowHead(time(seen_at, site.time_zone, now))}${cell("Result", html`${statusBadge(kind, word)}${reason && html` <small>${reason}</small>`}`)}${cell("Status", status)}${cell("Title", title !== null && html`<bdi>${title}</bdi>`)}${cell("Size", bytes > 0 && size(bytes))}${cell("", what)}`,
    );
  });
  const columns: Piece[] = ["Since", "Result", "Status", "Title", "Size", html`<span class="sr">Difference</span>`];
  return html`<h2>States</h2>${table({ caption: "States of the page, newest first", quiet: true, columns, body })}`;
}

const size = (bytes: number): string => `${formatCount(Math.ceil(bytes / 1000))} kB`;

const noiseWords = {
  words: "text",
  address: "address",
  content: "everything in it",
  order: "order of what is in it",
  presence: "whether it is there",
};

function noiseList(props: Props): Html {
  const { site, now, noise, may } = props;
  if (!noise.length) return html``;
  const body = each(noise, ({ id, kind, place, example, learned_at }) => {
    const forget = postButton(
      addressOf(props).replace(/\?.*$/, ""),
      { text: html`Forget<span class="sr"> ${place}</span>` },
      { noise: id, server: props.server.name },
    );
    return row(
      html`${rowHead(html`<code>${place || "/"}</code>`)}${cell("What", noiseWords[kind])}${cell("Example", html`<bdi>${example}</bdi>`)}${cell("Learned", time(learned_at, site.time_zone, now))}${may.record && cell("", forget)}`,
    );
  });
  const columns: Piece[] = ["Place", "What", "Example", "Learned"];
  if (may.record) columns.push(html`<span class="sr">Action</span>`);
  return html`<h2>Noise</h2><p>What differed between two requests shortly after each other is not compared, on any environment.</p>${table({ caption: "Noise of the page", quiet: true, columns, body })}`;
}
