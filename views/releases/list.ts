import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { ReleaseSize } from "../../src/promotions/change-counts.ts";
import type { OpenBlockers } from "../../src/promotions/open-blockers.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { Release } from "../../src/record/releases.ts";
import { inPart } from "../../src/text.ts";
import { linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { sizeInWords } from "../promotions/words.ts";
import { promotionBadge } from "./promotion-badge.ts";

type List = {
  site: Site;
  list: Release[];
  sizes: Map<string, ReleaseSize>;
  promotions: Promotion[];
  /** What blocks the open ones besides missing approvals, by promotion id. */
  blockers: OpenBlockers;
  may: Permitted;
  /** Whether this is the first page of the list. */
  first: boolean;
  more: boolean;
  now: string;
};

export function releasesPage(props: List): Html {
  const { site, list, may, more, first } = props;
  const base = `/sites/${site.slug}/releases`;
  const create = may.release && site.environments.length > 1 && linkButton(`${base}/new`, "New release", "primary");
  return html`${head({
    title: "Releases",
    under: "Exact versions and removals, frozen to be promoted together. Newest first.",
    actions: list.length > 0 && create,
  })}
${list.length > 0 ? releaseTable(props) : none(props, create)}
${pager({ previous: first ? undefined : base, previousWord: "Newest", next: more ? `${base}?before=${list.at(-1)?.number}` : undefined, nextWord: "Older" })}`;
}

const none = ({ site, first }: List, create: Html | false): Html =>
  first
    ? empty(
        html`No releases yet. Select rows on <a href="/sites/${site.slug}">the board</a>, or start with everything that differs between the first two environments.`,
        create || undefined,
      )
    : empty("No older releases.");

function releaseTable(props: List): Html {
  const { site, list, sizes, now } = props;
  const targets = site.environments.slice(1);
  const body = each(list, (release) => {
    const { id, number, name, created_at } = release;
    const size = sizes.get(id) ?? { page: 0, software: 0 };
    return row(
      html`${rowHead(html`<a href="/sites/${site.slug}/releases/${number}">${number}, <bdi>${name}</bdi></a>${release.take_down_of && html` <span class="ago">for the take-down of promotion ${release.take_down_of}</span>`}${release.rollback_of && !release.take_down_of && html` <span class="ago">for a rollback${inPart(release.rollback_in_part)} of promotion ${release.rollback_of}</span>`}${release.bad && html` ${statusBadge("blocked", "marked as bad", { title: release.bad.reason })}`}`)}${cell("Contents", sizeInWords(size))}${cell("Created", html`${time(created_at, site.time_zone, now)} by ${nameOf({ ...release, kind: release.person_kind })}`)}${each(targets, (target) => cell(target.name, progress(props, release, target)))}`,
    );
  });
  const columns = ["Release", "Contents", "Created", ...targets.map((target) => env(target))];
  return table({ caption: "Releases, newest first", quiet: true, columns, body });
}

/** The state of its newest promotion to an environment. */
function progress({ site, promotions, blockers }: List, release: Release, target: Environment): Html {
  const newest = promotions.find((one) => one.release_id === release.id && one.environment_id === target.id);
  if (!newest) return html`<span class="none">not requested</span>`;
  return promotionBadge(site, newest, blockers);
}
