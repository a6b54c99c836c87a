import type { Site } from "../../src/access/sites.ts";
import type { RoleNames } from "../../src/record/role-names.ts";
import type { SearchKind } from "../../src/record/search-index.ts";
import type { SearchAnswer } from "../../src/search/answers.ts";
import type { FoundArtifact, FoundEvent, ResultGroup } from "../../src/search/queries.ts";
import { formatCount } from "../../src/text.ts";
import { sentencePart } from "../history/page.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { button, linkButton } from "../parts/button.ts";
import { environmentPath } from "../parts/environment.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { noVersion } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, withEnvironments } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { searchAnswer } from "./answers.ts";

export type SearchProps = {
  site: Site;
  now: string;
  text: string;
  /** The words of it that were searched for. */
  searchText: string;
  answer?: SearchAnswer | undefined;
  groups: ResultGroup[];
  /** Of each artifact by its id, whether it is unknown what each environment has of it. */
  unknown: Map<string, boolean[]>;
  /** Nothing has all of the words; the groups have some of them. */
  isAnyWord: boolean;
  /** Only one kind is listed. */
  only?: SearchKind | undefined;
  /** The names of roles by their slugs. */
  roles: RoleNames;
  /** The same at a moment. */
  rolesAt: (at: string) => RoleNames;
  /** A page of this site, for the example questions. */
  example: string | undefined;
};

const base = ({ site }: SearchProps): string => `/sites/${site.slug}/search`;

export function searchPage(props: SearchProps): Html {
  const { text, answer, groups, only } = props;
  const noResults = text !== "" && !answer && !groups.length;
  return html`${head({ title: "Search" })}
<form class="moment seek" action="${base(props)}">${input({ name: "q", id: "q", type: "search", label: "A page, a name, a word, or a question", value: text, more: { maxlength: 2000, autocomplete: "off" } })}${button({ text: "Search" })}${only && linkButton(pathWithQuery(base(props), { q: text }), "All results", "plain")}</form>
${answer && searchAnswer(props, answer)}
${props.isAnyWord && html`<p>Nothing has all of these words. These results have some of them:</p>`}
${each(groups, (group) => results(props, group))}
${noResults && empty(html`No results for “${text}”.`)}
${(noResults || !text || answer?.to === "unanswerable") && exampleQuestions(props)}`;
}

const headings: Record<SearchKind, string> = {
  artifact: "Pages and software",
  release: "Releases",
  promotion: "Promotions",
  event: "Activity",
  note: "Notes, comments and reasons",
};

function results(props: SearchProps, group: ResultGroup): Html {
  const { site, text, searchText } = props;
  const id = `found-${group.kind}`;
  const board =
    group.kind === "artifact" &&
    html` <small><a href="${pathWithQuery(`/sites/${site.slug}`, { text: searchText })}">Show on the board</a></small>`;
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

function list(props: SearchProps, group: ResultGroup): Html {
  if (group.kind === "artifact") return artifacts(props, group.artifacts);
  if (group.kind === "release") return releases(props, group.releases);
  if (group.kind === "promotion") return promotions(props, group.promotions);
  return html`<ol class="events dated">${each(group.events, (event) => eventItem(props, event, group.kind === "note"))}</ol>`;
}

const artifacts = (props: SearchProps, list: FoundArtifact[]): Html =>
  withEnvironments(props.site.environments.length, {
    caption: "Pages and software found, with their versions now",
    quiet: true,
    columns: ["Page or software", ...props.site.environments.map(({ name }) => name)],
    look: "flow",
    body: each(list, (artifact) =>
      row(html`${rowHead(artifactLink(props.site.slug, artifact))}${currentVersions(props, artifact)}`),
    ),
  });

/** A cell for each environment. */
function currentVersions(props: SearchProps, { id, current }: FoundArtifact): Html {
  const unknown = props.unknown.get(id);
  const placement = (slug: string) => current.find(({ environment }) => environment === slug);
  return html`${props.site.environments.map(({ name, slug }, i) => cell(name, currentVersion(props, placement(slug), unknown?.[i] ?? false)))}`;
}

function currentVersion(
  { site, now }: SearchProps,
  placement: FoundArtifact["current"][number] | undefined,
  unknown: boolean,
): Html {
  if (!placement) return noVersion({ unknown });
  const { version, effective_at, out_of_band } = placement;
  const since = html`<span class="ago">since ${time(effective_at, site.time_zone, now)}</span>`;
  return html`${version === null ? statusBadge("removed", "removed") : versionTag(version)} ${since}${out_of_band === 1 && version !== null && html` ${statusBadge("band", "out of band")}`}`;
}

const releases = ({ site, now }: SearchProps, list: ResultGroup["releases"]): Html =>
  html`<ul class="events dated">${each(
    list,
    ({
      created_at,
      number,
      name,
      notes,
      ...release
    }) => html`<li>${time(created_at, site.time_zone, now)}<div><a href="/sites/${site.slug}/releases/${number}">Release ${number}, <bdi>${name}</bdi></a>, created by ${nameOf({ ...release, kind: release.person_kind })}${notes && html` <span class="quote">${notes}</span>`}</div></li>
`,
  )}</ul>`;

const promotions = ({ site, now }: SearchProps, list: ResultGroup["promotions"]): Html =>
  html`<ul class="events dated">${each(
    list,
    ({
      asked_at,
      number,
      name,
      from,
      environment,
      state,
      note,
    }) => html`<li>${time(asked_at, site.time_zone, now)}<div><a href="/sites/${site.slug}/promotions/${number}">Promotion ${number}, <bdi>${name}</bdi></a> ${environmentPath(from, environment)} ${statusBadge(state, state)}${note && html` <span class="quote">${note}</span>`}</div></li>
`,
  )}</ul>`;

/** An event as a sentence; after its texts, if they were what matched. */
const eventItem = (
  { site, now }: SearchProps,
  { seq, recorded_at, sentence, texts }: FoundEvent,
  note: boolean,
): Html =>
  html`<li>${time(recorded_at, site.time_zone, now)}<div>${note && html`${each(texts, (text) => html`<span class="quote">${text}</span> `)}`}${each(sentence, (part) => sentencePart(site, now, part))}</div><span class="end">entry ${formatCount(seq)}</span></li>
`;

/** Questions that have an answer on this site. */
function exampleQuestions(props: SearchProps): Html {
  const { site, example, roles } = props;
  const last = site.environments.at(-1);
  const role = last?.gate?.requirements[0]?.role;
  const questions = [
    example && `where is ${example}`,
    example && `who approved ${example}`,
    last && `what changed on ${last.name} since Monday`,
    last && example && `when did ${example} change on ${last.name}`,
    last && `what was on ${last.name} yesterday`,
    role && `what is waiting for ${roles[role] ?? role}`,
  ].filter((question) => typeof question === "string");
  return html`<section class="pile" aria-labelledby="askable"><h2 id="askable">Try asking</h2>
<p>Search for the name of a page, a software item or a person, or for words from a title, a note or a comment. Or ask a question:</p>
<ul class="suggestions">${each(
    questions,
    (question) => html`<li><a href="${pathWithQuery(base(props), { q: question })}">${question}</a></li>
`,
  )}</ul>${!last && html`<p>This site has no environments yet.</p>`}</section>`;
}
