import type { Difference } from "../../src/observations/difference.ts";
import { pathWithQuery } from "../parts/address.ts";
import { path as pathText, serverAddress } from "../parts/artifact.ts";
import { environmentPath } from "../parts/environment.ts";
import { type Html, html, type Piece } from "../parts/html.ts";
import { head } from "../parts/page.ts";
import { pager } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { differencePart, differenceWords } from "./difference.ts";

type Place = { name: string; tier: string; servers: { name: string; base_url: string }[] };

/** What a server shows since a moment. */
type Seen = { content: string | undefined; seen_at: string; server: string } | undefined;

type Props = {
  site: { slug: string; time_zone: string };
  now: string;
  promotion: { number: number };
  page: { key: string; title: string | null; version: string | null };
  from: Place;
  to: Place;
  source: Seen;
  target: Seen;
  /** From the target to the source; undefined if the source was not seen to show it. */
  difference: Difference | undefined;
  previous: string | undefined;
  next: string | undefined;
};

export function promotionTextPage(props: Props): Html {
  const { site, promotion, page, from, to, previous, next } = props;
  const address = (key: string | undefined) =>
    key && pathWithQuery(`/sites/${site.slug}/promotions/${promotion.number}/text`, { page: key });
  return html`${head({
    over: [
      environmentPath(from, to),
      html`<a href="/sites/${site.slug}/promotions/${promotion.number}">Promotion ${promotion.number}</a>`,
    ],
    title: html`What changes on <bdi>${page.title ?? page.key}</bdi>`,
    under: pathText(page.key),
  })}
<p>${openOn(props)}</p>
<h2>Text</h2>
<div id="text">${comparison(props)}</div>
${pager({ previous: address(previous), previousWord: "Page before", next: address(next), nextWord: "Next page" })}`;
}

function openOn({ page, from, to, source, target }: Props): Html {
  const link = ({ name, servers }: Place, seen: Seen) => {
    const server = servers.find((one) => one.name === seen?.server);
    return server && html`<a href="${serverAddress(server.base_url, page.key)}">Open on ${name}</a>`;
  };
  return html`${link(to, target)}${target && source && " · "}${link(from, source)}`;
}

function comparison(props: Props): Html {
  const { page, from, to, source, target, difference } = props;
  if (!difference && source) return html`<p>${side(props, from, source)}. There is nothing to compare.</p>`;
  if (!difference) return html`<p>No visit has seen the text of this page on ${from.name} yet.</p>`;
  const isRemoved = page.version === null;
  const absent = target ? `${to.name} does not show this page` : `no visit has seen this page on ${to.name}`;
  const words =
    target?.content === undefined
      ? `${isRemoved ? "Nothing goes" : "All of it is new"}: ${absent}.`
      : isRemoved
        ? `All of it goes: ${to.name} will no longer have this page.`
        : differenceWords(difference);
  const after = isRemoved ? html`removed` : side(props, from, source);
  return html`<p class="lead">${words}</p>${differencePart(difference, { before: side(props, to, target), after })}`;
}

const side = ({ site, now }: Props, { name }: Place, seen: Seen): Piece =>
  html`<bdi>${name}</bdi>${seen && html`, ${seen.content === undefined ? "missing" : "shown"} since ${time(seen.seen_at, site.time_zone, now)}`}`;
