import type { Duties } from "../../src/departures/duties.ts";
import { joinWithAnd } from "../../src/text.ts";
import { button } from "../parts/button.ts";
import { select } from "../parts/field.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { note } from "../parts/page.ts";
import { type SettingsSite, settingsHead } from "./site.ts";

const promotionLinks = (slug: string, promotions: { number: number; name: string; environment: string }[]): Html =>
  html`<ul class="plain">${each(promotions, ({ number, name, environment }) => html`<li><a href="/sites/${slug}/promotions/${number}">Promotion ${number}, <bdi>${name}</bdi></a>, to <bdi>${environment}</bdi></li>`)}</ul>`;

/** What somebody still has to do or answer for on a site, with what happens to it when they leave. */
export function dutiesList(slug: string, duties: Duties, who: "they" | "you" = "they"): Html {
  const waiting = each(
    duties.waiting,
    ({ number, name, environment, roles }) =>
      html`<li><a href="/sites/${slug}/promotions/${number}">Promotion ${number}, <bdi>${name}</bdi></a>, to <bdi>${environment}</bdi>, waits for ${joinWithAnd(roles)}</li>`,
  );
  const rows: [Piece, Piece | false][] = [
    ["Approvals that too few others can give", duties.waiting.length > 0 && html`<ul class="plain">${waiting}</ul>`],
    [`Open promotions that ${who} requested`, duties.requested.length > 0 && promotionLinks(slug, duties.requested)],
    [
      `Gates without ${who === "you" ? "you" : "them"}`,
      duties.gaps.length > 0 &&
        html`<ul class="plain">${each(duties.gaps, (sentence) => html`<li>${sentence}</li>`)}</ul>`,
    ],
    ["Owner of", duties.owned.length > 0 && joinWithAnd(duties.ownsMore ? [...duties.owned, "more"] : duties.owned)],
    ["Owner of later pages in", duties.sections.length > 0 && joinWithAnd(duties.sections)],
    ["Substitutes, which end", duties.delegations.length > 0 && joinWithAnd(duties.delegations)],
    ["Secret addresses, which are revoked", duties.feeds.length > 0 && joinWithAnd(duties.feeds)],
  ];
  const shown = rows.filter(([, value]) => value);
  return shown.length > 0
    ? html`<div class="duties">${each(shown, ([heading, content]) => html`<h3>${heading}</h3><div>${content}</div>`)}</div>`
    : html`<p>Nothing waits for ${who === "you" ? "you, and you" : "them, and they"} own nothing.</p>`;
}

export const removalPage = (props: {
  site: SettingsSite;
  member: { id: string; name: string };
  duties: Duties;
  /** Who can own what they own: the other people of the site. */
  people: { id: string; name: string }[];
  owner: string;
  errors?: Record<string, string>;
}): Html => {
  const { site, member, duties, people, errors = {} } = props;
  const own = `/sites/${site.slug}/settings/people/${member.id}`;
  const ownsAnything = duties.owned.length + duties.sections.length > 0;
  const owner = select({
    name: "owner",
    label: "Who owns it then",
    value: props.owner,
    error: errors.owner,
    choices: [{ value: "", label: "Nobody" }, ...people.map(({ id, name }) => ({ value: id, label: name }))],
  });
  return html`${settingsHead(site, "/people", `Remove ${member.name}`, {
    over: [
      html`<a href="/sites/${site.slug}/settings/people">People</a>`,
      html`<a href="${own}"><bdi>${member.name}</bdi></a>`,
    ],
    under: html`From <bdi>${site.name}</bdi>. Their account stays, and what they did stays in the history.`,
  })}
${errors.person && note(errors.person, { kind: "bad" })}<h2>What they still have to do</h2>
${dutiesList(site.slug, duties)}
<form class="form" method="post" action="${own}/removal">
${ownsAnything && owner}
<p><small>They lose all their roles here, and can no longer see this site.</small></p>
<div class="end">${button({ text: `Remove ${member.name}`, look: "danger" })}</div></form>`;
};
