import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { ReleaseSize } from "../../src/promotions/change-counts.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { Release } from "../../src/record/releases.ts";
import { linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { holds, stateWords } from "../promotions/words.ts";

type List = {
  site: Site;
  list: Release[];
  sizes: Map<string, ReleaseSize>;
  promotions: Promotion[];
  may: Permitted;
  /** Whether this is the first page of the list. */
  first: boolean;
  more: boolean;
  now: string;
};

export function releasesPage(props: List): Html {
  const { site, list, may, more, first } = props;
  const base = `/sites/${site.slug}/releases`;
  const make = may.release && site.environments.length > 1 && linkButton(`${base}/new`, "Make a release", "primary");
  return html`${head({
    title: "Releases",
    under: "Exact versions and removals, frozen to travel together. Newest first.",
    actions: list.length > 0 && make,
  })}
${list.length > 0 ? releaseTable(props) : none(props, make)}
${pager({ previous: first ? undefined : base, previousWord: "Newest", next: more ? `${base}?before=${list.at(-1)?.number}` : undefined, nextWord: "Older" })}`;
}

const none = ({ site, first }: List, make: Html | false): Html =>
  first
    ? empty(
        html`There is no release yet. Choose rows on <a href="/sites/${site.slug}">the board</a>, or take all that differs between the first two environments.`,
        make || undefined,
      )
    : empty("There are no older releases.");

function releaseTable(props: List): Html {
  const { site, list, sizes, now } = props;
  const places = site.environments.slice(1);
  const body = each(list, (one) => {
    const size = sizes.get(one.id) ?? { page: 0, software: 0 };
    return row(
      html`${rowHead(html`<a href="/sites/${site.slug}/releases/${one.number}">${one.number}, ${one.name}</a>`)}${cell("Holds", holds(size))}${cell("Made", html`${time(one.created_at, site.time_zone, now)} by ${one.person}`)}${each(places, (place) => cell(place.name, standing(props, one, place)))}`,
    );
  });
  const columns = ["Release", "Holds", "Made", ...places.map((place) => env(place))];
  return table({ caption: "Releases, newest first", quiet: true, columns, body });
}

/** How far it has come into an environment: its newest promotion there. */
function standing({ site, promotions }: List, release: Release, place: Environment): Html {
  const newest = promotions.find((one) => one.release_id === release.id && one.environment_id === place.id);
  if (!newest) return html`<span class="none">not asked for</span>`;
  return statusBadge(newest.state, stateWords(newest), { href: `/sites/${site.slug}/promotions/${newest.number}` });
}
