import type { Environment } from "../../src/access/environments.ts";
import type { ContentChange, PromotionDetails } from "../../src/promotions/assessment.ts";
import type { PromotionChange } from "../../src/promotions/rules.ts";
import { countOf } from "../../src/text.ts";
import { path, serverAddress, versionTag } from "../parts/artifact.ts";
import { hiddenField } from "../parts/button.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { pager } from "../parts/table.ts";

export type ReviewProps = {
  promotion: PromotionDetails;
  from: Environment;
  to: Environment;
  /** The pages that change, of which this is one part where there are very many. */
  pages: ContentChange[];
  /** How many there are of each change, on all parts. */
  counts: Record<PromotionChange, number>;
  looked: ReadonlySet<string>;
  /** Where the parts before and after are. */
  previous?: string | undefined;
  next?: string | undefined;
};

const order: PromotionChange[] = ["new", "changed", "removed", "unapproved"];

/** The pages to look at, one after another, by what happens to them. */
export const reviewList = (looking: ReviewProps): Html => html`${each(order, (change) => group(looking, change))}
${pager({ previous: looking.previous, next: looking.next, previousWord: "Pages before", nextWord: "More pages" })}`;

function group(looking: ReviewProps, change: PromotionChange): Html {
  const pages = looking.pages.filter((one) => one.change === change);
  if (pages.length === 0) return html``;
  const { title, means } = headings(looking, change);
  return html`<h2 class="kind" id="${change}">${title} <small>${means}</small></h2>
<ul class="looks">
${each(pages, (one) => item(looking, one))}</ul>
`;
}

function headings({ promotion, to, counts }: ReviewProps, change: PromotionChange): { title: string; means: string } {
  const count = counts[change];
  const many = countOf(count, "page");
  const said = (title: string, now: string) => ({ title, means: promotion.open ? `${many}, ${now}` : many });
  const customers = to.tier === "production";
  if (change === "new") return said("New", `on ${to.name} for the first time`);
  if (change === "changed")
    return said(
      "Changed",
      `${count === 1 ? "replaces" : "replace"} what ${customers ? "customers see" : `${to.name} has`} now`,
    );
  if (change === "removed")
    return said(
      "Removed",
      customers ? `customers will no longer find ${count === 1 ? "it" : "them"}` : `no longer on ${to.name}`,
    );
  return said("There already", `on ${to.name} without anybody’s approval until now`);
}

const item = (looking: ReviewProps, one: ContentChange): Html => html`<li><div>
<h3>${one.title ?? one.key}</h3>${one.title && html` ${path(one.key)}`}
${one.notes && html`<p>${one.notes}</p>`}${looking.promotion.open && movedOn(looking, one)}
<div class="see">${links(looking, one)}${becomes(one)}</div>
</div>${tick(looking, one)}</li>
`;

const links = ({ from, to }: ReviewProps, one: ContentChange): Html =>
  html`${one.change !== "removed" && see(from, one)}${one.change !== "new" && see(to, one)}`;

const see = ({ name, servers }: Environment, { key, title }: ContentChange): Html =>
  each(
    servers,
    (server) =>
      html`<a href="${serverAddress(server.base_url, key)}" target="_blank" rel="noopener">See on ${name}${servers.length > 1 && `, ${server.name}`}<span class="sr">: ${title ?? key}, in a new tab</span></a>`,
  );

/** The versions, small: they are not what is looked at. */
function becomes({ change, version: to, there }: ContentChange): Html {
  const now = versionTag(there?.version);
  if (change === "changed") return html`<small>${now} becomes ${versionTag(to)}</small>`;
  if (change === "removed") return html`<small>${now} goes</small>`;
  return to ? html`<small>${versionTag(to)}</small>` : html``;
}

/** The environment before shows something else by now than what would be approved. */
function movedOn({ from }: ReviewProps, { moved_on, before, version: wanted }: ContentChange): Html | false {
  if (!moved_on) return false;
  const now = before?.version;
  const shows = now ? `${from.name} shows ${now} by now, not ${wanted}.` : `${from.name} no longer has it.`;
  return html`<p>${statusBadge("blocked", wanted ? shows : `${from.name} has it again.`, { wrap: true })}</p>`;
}

function tick({ promotion, looked }: ReviewProps, { artifact_id, title, key }: ContentChange): Html {
  const done = looked.has(artifact_id);
  if (!promotion.open) return html`${done && statusBadge("approved", "looked at")}`;
  return html`<label class="looked"><input type="checkbox" name="looked" value="${artifact_id}"${attr("checked", done)}><span>Looked at<span class="sr"> ${title ?? key}</span></span></label>${hiddenField("shown", artifact_id)}`;
}
