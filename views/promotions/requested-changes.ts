import type { Rejection, RequestedChange } from "../../src/promotions/page-comments.ts";
import { artifactLink } from "../parts/artifact.ts";
import { linkButton } from "../parts/button.ts";
import { each, type Html, html } from "../parts/html.ts";
import { panel } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";

/** What a rejection asks to be changed on single pages, as a list to settle. */
export const requestedChangesList = (site: { slug: string }, changes: RequestedChange[]): Html =>
  changes.length === 0
    ? html``
    : html`<ul class="steps">${each(changes, (change) => requestedChange(site, change))}</ul>`;

const requestedChange = (site: { slug: string }, { key, title, comment, changed }: RequestedChange): Html =>
  html`<li><span>${artifactLink(site.slug, { kind: "page", key, title })} ${changed ? statusBadge("changed", "changed since") : statusBadge("same", "not changed yet")}</span><small><span class="quote">${comment}</span></small></li>`;

/** What rejections of a release asked for, in all and page by page. */
export const rejectionsPanel = (site: { slug: string }, rejections: Rejection[], action?: Html | false): Html =>
  rejections.length === 0
    ? html``
    : panel(
        "requested",
        "Requested changes",
        html`${each(rejections, ({ number, comment, changes }) => html`<p><a href="/sites/${site.slug}/promotions/${number}">Promotion ${number}</a> was rejected${comment ? html`: <span class="quote">${comment}</span>` : "."}</p>${requestedChangesList(site, changes)}`)}${action && html`<p>${action}</p>`}`,
      );

/** Starts a release with the same pages and software as they are now. */
export const newReleaseFrom = (site: { slug: string }, release: number, more?: Html): Html =>
  linkButton(`/sites/${site.slug}/releases/new?made_from=${release}`, html`New release from this one${more}`);
