import type { Environment } from "../../src/access/environments.ts";
import type { ContentChange, PromotionDetails } from "../../src/promotions/assessment.ts";
import type { PromotionChange } from "../../src/promotions/request-rules.ts";
import type { ReviewPosition, ReviewSection } from "../../src/promotions/review-sections.ts";
import type { SeenText } from "../../src/promotions/seen-texts.ts";
import { countOf } from "../../src/text.ts";
import { pathWithQuery } from "../parts/address.ts";
import { path, serverAddress, versionTag } from "../parts/artifact.ts";
import { hiddenField } from "../parts/button.ts";
import { area } from "../parts/field.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { fold } from "../parts/page.ts";
import { nowCalled } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";

export type ReviewProps = {
  promotion: PromotionDetails;
  from: Environment;
  to: Environment;
  /** Whether anything was recorded for the target: now, or before a closed promotion. */
  targetKnown: boolean;
  site: { slug: string; time_zone: string };
  now: string;
  /** The pages that are shown; with their sections, if there are many. */
  pages: ContentChange[];
  /** By artifact id: what pages of a closed promotion are called on its target by now, if that differs. */
  titlesNow: Map<string, string>;
  sections: ReviewSection[] | undefined;
  /** The part that the address asks for. */
  position: ReviewPosition;
  /** How many there are of each change, in all parts. */
  counts: Record<PromotionChange, number>;
  /** The ids of the pages that this person has ticked as reviewed. */
  ticked: ReadonlySet<string>;
  /** The pages whose text on the source and on the target can be compared, by key. */
  texts: Map<string, SeenText>;
  /** Who approved pages of the same version on an earlier promotion, as far as the gate lets that carry over. */
  earlierApprovals: { promotion: number; person: string; pages: Map<string, string> }[];
  /** What this person has written about pages, by key, and errors by field; undefined if they cannot decide. */
  changeRequests: { texts: Map<string, string>; errors: Record<string, string> } | undefined;
};

/** The field of a page's form in which an approver says what should change on it. */
export const changeField = (key: string): string => `change ${key}`;

const order: PromotionChange[] = ["new", "changed", "removed", "unapproved"];

/** The pages to review as cards, grouped by what happens to them. */
export const reviewCards = (props: ReviewProps): Html => html`${each(order, (change) => group(props, change))}`;

function group(props: ReviewProps, change: PromotionChange): Html {
  const pages = props.pages.filter((page) => page.change === change);
  if (pages.length === 0) return html``;
  const { title, meaning } = headings(props, change, pages);
  return html`<h2 class="kind" id="${change}">${title} <small>${meaning}</small></h2>
<ul class="review">
${each(pages, (page) => item(props, page))}</ul>
`;
}

function headings(
  { promotion, to, targetKnown, counts }: ReviewProps,
  change: PromotionChange,
  shown: ContentChange[],
): { title: string; meaning: string } {
  const count = counts[change];
  const pages = countOf(count, "page");
  const heading = (title: string, meaning: string) => ({
    title,
    meaning: promotion.open ? `${pages}, ${meaning}` : pages,
  });
  const customers = to.tier === "production";
  if (change === "new") {
    if (!targetKnown) return heading("New", `never recorded on ${to.name}`);
    const back = shown.some(({ inTarget }) => inTarget);
    return heading("New", back ? `not on ${to.name} now` : `on ${to.name} for the first time`);
  }
  if (change === "changed") {
    const current = customers ? "what customers see now" : `what ${to.name} has now`;
    return heading("Changed", `${count === 1 ? "replaces" : "replace"} ${current}`);
  }
  if (change === "removed") {
    const them = count === 1 ? "it" : "them";
    return heading("Removed", customers ? `customers will no longer find ${them}` : `no longer on ${to.name}`);
  }
  return heading("Already there", `on ${to.name} without approval until now`);
}

const item = (props: ReviewProps, page: ContentChange): Html => html`<li><div>
<h3><bdi>${page.title ?? page.key}</bdi></h3>${pathAndNotes(props, page)}
<div class="see">${links(props, page)}${versions(page)}</div>
${text(props, page)}${changeRequest(props, page)}</div>${tick(props, page)}</li>
`;

/** A new title is part of what is approved. */
const formerTitle = ({ title, change, inTarget }: ContentChange): Html | false =>
  change === "changed" &&
  Boolean(inTarget?.title && inTarget.title !== title) &&
  html` <small>until now “<bdi>${inTarget?.title}</bdi>”</small>`;

/** The path after a page's title, its title until now, its notes, and a warning if the source has something else by now. */
export const pathAndNotes = (props: ReviewProps, page: ContentChange): Html =>
  html`${nowCalled(props.titlesNow.get(page.artifact_id))}${page.title && html` ${path(page.key)}`}${formerTitle(page)}
${page.change === "removed" && page.kind === "page" && html`<p>${redirectWords(page)}</p>`}${page.notes && html`<p>${page.notes}</p>`}${props.promotion.open && movedOn(props, page)}${changedMeanwhile(props, page)}${approvedBefore(props, page)}`;

/** A warning if the approvers are shown something else than who requested the promotion. */
function changedMeanwhile({ texts, from, site, now }: ReviewProps, { key }: ContentChange): Html | false {
  const { changedAt } = texts.get(key) ?? {};
  if (!changedAt) return false;
  const words = html`<bdi>${from.name}</bdi> shows something else since ${time(changedAt, site.time_zone, now)}, after approval was requested`;
  return html`<p>${statusBadge("blocked", words, { wrap: true })}</p>`;
}

/** Where the text of a page is compared. */
const textAddress = ({ site, promotion }: ReviewProps, { key }: ContentChange): string =>
  pathWithQuery(`/sites/${site.slug}/promotions/${promotion.number}/text`, { page: key });

/** What a visitor reads on both, loaded when it is opened. */
function text(props: ReviewProps, page: ContentChange): Html | false {
  if (!props.texts.has(page.key)) return false;
  const name = html`<span class="sr">: ${page.title ?? page.key}</span>`;
  const address = textAddress(props, page);
  return fold(
    html`What changes in the text${name}`,
    html`<div hx-get="${address}" hx-trigger="revealed" hx-select="#text" hx-status:4xx="swap:none" hx-status:5xx="swap:none"><a href="${address}">Compare the text${name}</a></div>`,
  );
}

/** In a long list, only the link. */
export const textLink = (props: ReviewProps, page: ContentChange): Html | false =>
  props.texts.has(page.key) &&
  html`<a href="${textAddress(props, page)}">Compare the text<span class="sr">: ${page.title ?? page.key}</span></a>`;

function approvedBefore({ site, earlierApprovals }: ReviewProps, { artifact_id }: ContentChange): Html {
  const earlier = earlierApprovals.filter(({ pages }) => pages.has(artifact_id));
  return each(
    earlier,
    ({ person, promotion }) =>
      html`<p>${statusBadge("approved", html`approved by <bdi>${person}</bdi> on <a href="/sites/${site.slug}/promotions/${promotion}">promotion ${promotion}</a>`, { wrap: true })}</p>`,
  );
}

/** Where the visitors of a removed page are led. */
const redirectWords = ({ redirect }: Pick<ContentChange, "redirect">): Html =>
  redirect ? html`Visitors are led to ${path(redirect)}.` : html`No redirect: visitors are led nowhere.`;

export function links({ from, to, promotion }: ReviewProps, { change, ...page }: ContentChange): Html {
  // what is new is on the target once the promotion is completed, and what is removed is not any more
  const isOnTarget = promotion.completion ? change !== "removed" : change !== "new";
  const isFromElsewhere = from.id !== to.id;
  return html`${isFromElsewhere && change !== "removed" && openOn(from, page)}${isOnTarget && openOn(to, page)}`;
}

const openOn = ({ name, servers }: Environment, { key, title }: Pick<ContentChange, "key" | "title">): Html =>
  each(
    servers,
    (server) =>
      html`<a href="${serverAddress(server.base_url, key)}" target="_blank" rel="noopener">Open on ${name}${servers.length > 1 && `, ${server.name}`}<span class="sr">: ${title ?? key}, in a new tab</span></a>`,
  );

/** In small print, since people review the pages and not the version labels. */
export function versions({ change, version, inTarget }: ContentChange): Html {
  const current = versionTag(inTarget?.version);
  if (change === "changed") return html`<small>${current} → ${versionTag(version)}</small>`;
  if (change === "removed") return html`<small>${current} removed</small>`;
  return version ? html`<small>${versionTag(version)}</small>` : html``;
}

/** Used only when the promotion is rejected. */
export function changeRequest(
  { changeRequests }: ReviewProps,
  { artifact_id, key, title }: Pick<ContentChange, "artifact_id" | "key" | "title">,
): Html | false {
  if (!changeRequests) return false;
  const text = changeRequests.texts.get(key);
  const error = changeRequests.errors[changeField(key)];
  const field = area({
    id: `change-${artifact_id}`,
    name: changeField(key),
    label: html`What should change here?<span class="sr"> ${title ?? key}</span>`,
    rows: 2,
    value: text,
    error,
    more: { placeholder: "Sent when you reject" },
  });
  return fold(html`Request a change<span class="sr">: ${title ?? key}</span>`, field, {
    open: Boolean(text || error),
  });
}

/** A warning if the source environment shows something else by now than what would be approved. */
function movedOn({ from }: ReviewProps, { moved_on, inSource, version }: ContentChange): Html | false {
  if (!moved_on) return false;
  const current = inSource?.version;
  const change = current ? `${from.name} now has ${current}, not ${version}.` : `${from.name} no longer has it.`;
  return html`<p>${statusBadge("blocked", version ? change : `${from.name} has it again.`, { wrap: true })}</p>`;
}

export function tick({ promotion, ticked }: ReviewProps, { artifact_id, title, key }: ContentChange): Html {
  const done = ticked.has(artifact_id);
  if (!promotion.open) return html`${done && statusBadge("approved", "reviewed")}`;
  return html`<label class="reviewed"><input type="checkbox" name="looked" value="${artifact_id}"${attr("checked", done)}><span>Reviewed<span class="sr"> ${title ?? key}</span></span></label>${hiddenField("shown", artifact_id)}`;
}
