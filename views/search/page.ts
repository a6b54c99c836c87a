import type { Site } from "../../src/access/sites.ts";
import type { SearchKind } from "../../src/record/search-index.ts";
import type { SearchAnswer } from "../../src/search/answers.ts";
import type { FoundArtifact, FoundEvent, Group } from "../../src/search/queries.ts";
import { formatCount } from "../../src/text.ts";
import { sentencePart } from "../history/page.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { button, linkButton } from "../parts/button.ts";
import { environmentPath } from "../parts/environment.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { searchAnswer } from "./answers.ts";

export type SearchProps = {
  site: Site;
  now: string;
  text: string;
  /** The words of it that were looked for. */
  sought: string;
  answer?: SearchAnswer | undefined;
  groups: Group[];
  /** Only one kind is listed. */
  only?: SearchKind | undefined;
  /** The names of roles by their slugs. */
  roles: Record<string, string>;
  /** A page of this site, to ask about. */
  example: string | undefined;
};

const base = ({ site }: SearchProps): string => `/sites/${site.slug}/search`;

export function searchPage(props: SearchProps): Html {
  const { text, answer, groups, only } = props;
  const nothing = text !== "" && !answer && !groups.length;
  return html`${head({ title: "Search" })}
<form class="moment seek" action="${base(props)}">${input({ name: "q", id: "q", type: "search", label: "A page, a name, a word, or a question", value: text, more: { maxlength: 2000, autocomplete: "off" } })}${button({ text: "Search" })}${only && linkButton(pathWithQuery(base(props), { q: text }), "All kinds", "plain")}</form>
${answer && searchAnswer(props, answer)}
${each(groups, (group) => found(props, group))}
${nothing && empty(html`Nothing is found for “${text}”.`)}
${(nothing || !text || answer?.to === "sorry") && askable(props)}`;
}

const headings: Record<SearchKind, string> = {
  artifact: "Pages and software",
  release: "Releases",
  promotion: "Promotions",
  event: "What happened",
  note: "Notes, comments and reasons",
};

function found(props: SearchProps, group: Group): Html {
  const { site, text, sought } = props;
  const id = `found-${group.kind}`;
  const board =
    group.kind === "artifact" &&
    html` <small><a href="${pathWithQuery(`/sites/${site.slug}`, { text: sought })}">Filter the board by this</a></small>`;
  return html`<section class="pile" aria-labelledby="${id}"><h2 id="${id}">${headings[group.kind]}${board}</h2>
${list(props, group)}
${pager({
  of: headings[group.kind],
  next:
    group.next && pathWithQuery(base(props), { q: text, in: group.kind, after: `${group.next.size}.${group.next.id}` }),
  nextWord: "More",
})}</section>
`;
}

function list(props: SearchProps, group: Group): Html {
  if (group.kind === "artifact") return artifacts(props, group.artifacts);
  if (group.kind === "release") return releases(props, group.releases);
  if (group.kind === "promotion") return promotions(props, group.promotions);
  return html`<ol class="events dated">${each(group.events, (event) => told(props, event, group.kind === "note"))}</ol>`;
}

const artifacts = (props: SearchProps, list: FoundArtifact[]): Html =>
  table({
    caption: "Pages and software found, with where they stand now",
    quiet: true,
    columns: ["Page or software", ...props.site.environments.map((one) => one.name)],
    look: "flow",
    body: each(list, (one) =>
      row(
        html`${rowHead(artifactLink(props.site.slug, one))}${props.site.environments.map(({ slug, name }) => cell(name, stands(props, one, slug)))}`,
      ),
    ),
  });

function stands({ site, now }: SearchProps, { stands: all }: FoundArtifact, slug: string): Html {
  const one = all.find(({ environment }) => environment === slug);
  if (!one) return html`<span class="none">not there</span>`;
  const since = html`<span class="ago">since ${time(one.effective_at, site.time_zone, now)}</span>`;
  return html`${one.version === null ? statusBadge("removed", "removed") : versionTag(one.version)} ${since}${one.out_of_band === 1 && one.version !== null && html` ${statusBadge("band", "out of band")}`}`;
}

const releases = ({ site, now }: SearchProps, list: Group["releases"]): Html =>
  html`<ul class="events dated">${each(
    list,
    (
      one,
    ) => html`<li>${time(one.created_at, site.time_zone, now)}<div><a href="/sites/${site.slug}/releases/${one.number}">Release ${one.number}, ${one.name}</a>, made by ${one.person}${one.notes && html` <span class="quote">${one.notes}</span>`}</div></li>
`,
  )}</ul>`;

const promotions = ({ site, now }: SearchProps, list: Group["promotions"]): Html =>
  html`<ul class="events dated">${each(
    list,
    (
      one,
    ) => html`<li>${time(one.asked_at, site.time_zone, now)}<div><a href="/sites/${site.slug}/promotions/${one.number}">Promotion ${one.number}, ${one.name}</a> ${environmentPath(one.from, one.environment)} ${statusBadge(one.state, one.state)}${one.note && html` <span class="quote">${one.note}</span>`}</div></li>
`,
  )}</ul>`;

/** An event as a sentence; where it was found by what somebody wrote, that first. */
const told = ({ site, now }: SearchProps, { seq, recorded_at, words, written }: FoundEvent, note: boolean): Html =>
  html`<li>${time(recorded_at, site.time_zone, now)}<div>${note && html`${each(written, (one) => html`<span class="quote">${one}</span> `)}`}${each(words, (piece) => sentencePart(site, now, piece))}</div><span class="end">entry ${formatCount(seq)}</span></li>
`;

/** What can be asked, with what there is on this very site. */
function askable(props: SearchProps): Html {
  const { site, example, roles } = props;
  const last = site.environments.at(-1);
  const role = last?.gate?.requirements[0]?.role;
  const questions = [
    example && `where is ${example}`,
    example && `who approved ${example}`,
    last && `what changed on ${last.name} since Monday`,
    last && example && `when did ${example} change on ${last.name}`,
    last && `what was on ${last.name} yesterday`,
    role && `what waits for ${roles[role] ?? role}`,
  ].filter((one) => typeof one === "string");
  return html`<section class="pile" aria-labelledby="askable"><h2 id="askable">What can be asked</h2>
<p>A page’s path or a software’s name, words of a title, a note or somebody’s name, and questions such as these:</p>
<ul class="asked">${each(
    questions,
    (one) => html`<li><a href="${pathWithQuery(base(props), { q: one })}">${one}</a></li>
`,
  )}</ul>${!last && html`<p>This site has no environments yet.</p>`}</section>`;
}
