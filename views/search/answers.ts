import type { Site } from "../../src/access/sites.ts";
import type { ArtifactPlace, SearchAnswer } from "../../src/search/answers.ts";
import { countOf, formatCount, joinWithAnd } from "../../src/text.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { artifactLink, artifactPath, versionTag } from "../parts/artifact.ts";
import { linkButton } from "../parts/button.ts";
import { env, environmentPath } from "../parts/environment.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { note } from "../parts/page.ts";
import { sectionHeading } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, row, rowHead, table } from "../parts/table.ts";
import { fullTime, time } from "../parts/time.ts";

type Props = { site: Site; now: string; roles: Record<string, string> };
type To<Kind extends SearchAnswer["to"]> = Extract<SearchAnswer, { to: Kind }>;

/** The answer to a question, before what was found by its words. */
export function searchAnswer(props: Props, answer: SearchAnswer): Html {
  if (answer.to === "sorry") return note(answer.sentence, { kind: "bad" });
  return html`<section class="answer" aria-label="Answer">${said(props, answer)}</section>`;
}

function said(props: Props, answer: Exclude<SearchAnswer, { to: "sorry" }>): Html {
  switch (answer.to) {
    case "where":
      return where(props, answer);
    case "who":
      return who(props, answer);
    case "when":
      return when(props, answer);
    case "changed":
      return changed(props, answer);
    case "waits":
      return waits(props, answer);
    case "is":
      return html`<p class="lead">${env(answer.environment)}: <a href="/sites/${props.site.slug}/environments/${answer.environment.slug}">what is there, since when, and who approved it</a>.</p>`;
  }
}

const life = ({ site }: Props, named: To<"where">["named"]): Html =>
  html`<p class="ways"><a href="${artifactPath(site.slug, named)}">All its life</a> <a href="${pathWithQuery(`/sites/${site.slug}/history`, { kind: named.kind, key: named.key })}">What happened to it</a></p>`;

function where(props: Props, { named, at, places }: To<"where">): Html {
  const { site } = props;
  return html`<p class="lead">${artifactLink(site.slug, named)} ${at ? html`was, on ${fullTime(at, site.time_zone)},` : "is"}</p>
<ul class="stands">${each(
    places,
    (place) => html`<li>${stands(props, place)}</li>
`,
  )}</ul>${life(props, named)}`;
}

/** "v31 on live since 2 Nov, 09:00, approved by Mara (Marketing)" */
function stands(props: Props, place: ArtifactPlace): Html {
  const { site, now } = props;
  const { environment, standing } = place;
  if (!standing) return html`${statusBadge("unknown", "not recorded")} on ${env(environment)}`;
  const since = html` on ${env(environment)} since ${time(standing.effective_at, site.time_zone, now)}`;
  if (standing.version === null) return html`${statusBadge("removed", "removed")}${since}`;
  return html`${versionTag(standing.version)}${since}${approval(props, place)}`;
}

function approval(props: Props, { environment, standing, approvals }: ArtifactPlace): Piece {
  if (approvals.length) return html`, approved by ${people(props, approvals)}`;
  return environment.gate && standing?.out_of_band
    ? html`, ${statusBadge("band", "out of band")}: approved by nobody`
    : false;
}

/** "Theo (Tester) and Mara (Marketing)" */
function people({ roles }: Props, approvals: ArtifactPlace["approvals"]): Html {
  const names = approvals.map(({ person, role }) => `${person} (${roles[role] ?? role})`);
  return html`${joinWithAnd(names)}`;
}

function who(props: Props, { named, place, at }: To<"who">): Html {
  const { site } = props;
  const then = at && html`<p>As it was on ${fullTime(at, site.time_zone)}.</p>`;
  return html`<p class="lead">${approvers(props, named, place, at)}</p>${then}${life(props, named)}`;
}

function approvers(props: Props, named: To<"who">["named"], place: ArtifactPlace, at: string | undefined): Html {
  const { site, now, roles } = props;
  const { environment, standing, approvals } = place;
  const name = artifactLink(site.slug, named);
  const there = env(environment);
  const was = at ? "was" : "is";
  if (!standing) return html`Nobody: ${name} ${at ? "had" : "has"} never been recorded on ${there}${at && " by then"}.`;
  const what =
    standing.version === null
      ? html`the removal of ${name} from ${there}`
      : html`${name} ${versionTag(standing.version)} on ${there}`;
  const since = time(standing.effective_at, site.time_zone, now);
  const promotion =
    standing.promotion &&
    html`<a href="/sites/${site.slug}/promotions/${standing.promotion}">promotion ${standing.promotion}</a>`;
  const [first, ...others] = approvals;
  if (first)
    return html`${first.person} (${roles[first.role] ?? first.role}) approved ${what} on ${time(first.decided_at, site.time_zone, now)}${each(others, ({ person, role, decided_at }) => html`, and ${person} (${roles[role] ?? role}) on ${time(decided_at, site.time_zone, now)}`)}. It came with ${promotion} and ${was} there since ${since}.`;
  const deployment = html`<a href="/sites/${site.slug}/deployments/${standing.deployment}">deployment ${standing.deployment}</a>`;
  if (standing.out_of_band)
    return html`Nobody: ${what} arrived ${statusBadge("band", "out of band")} with ${deployment}, on ${since}.`;
  if (promotion) return html`Nobody: ${what} came with ${promotion} on ${since}, which asked for no approval.`;
  return html`Nobody: ${what} came with ${deployment} on ${since}. ${environment.gate ? "No gate stood before it then." : html`${environment.name} has no gate: who may record, may.`}`;
}

function when(props: Props, { named, environment, spans, more }: To<"when">): Html {
  const { site, now } = props;
  const at = (moment: string) =>
    html`<a href="${pathWithQuery(`/sites/${site.slug}/environments/${environment.slug}`, { as_of: shortMoment(moment) })}">${time(moment, site.time_zone, now)}</a>`;
  if (!spans.length)
    return html`<p class="lead">${artifactLink(site.slug, named)} has never been recorded on ${env(environment)}.</p>${life(props, named)}`;
  return html`<p class="lead">${artifactLink(site.slug, named)} ${spans.length > 1 ? "last changed" : "was recorded"} on ${env(environment)} on ${time(spans[0]?.effective_at ?? now, site.time_zone, now)}.</p>
<ol class="stands">${each(
    spans,
    ({
      version: label,
      effective_at,
      out_of_band,
    }) => html`<li>${label === null ? statusBadge("removed", "removed") : versionTag(label)} on ${at(effective_at)}${out_of_band === 1 && html` ${statusBadge("band", "out of band")}`}</li>
`,
  )}</ol>${more && html`<p>… and before that, more.</p>`}${life(props, named)}`;
}

function changed(props: Props, answer: To<"changed">): Html {
  const { site } = props;
  const { environment, from, until, first, tallies, lines } = answer;
  const moment = (at: string) => `${environment.slug}@${shortMoment(at)}`;
  const span = until
    ? html`from ${fullTime(from, site.time_zone)} until ${fullTime(until, site.time_zone)}`
    : html`since ${fullTime(from, site.time_zone)}`;
  const total = (["added", "changed", "removed"] as const).map(
    (change) => [change, tallies.page[change] + tallies.software[change]] as const,
  );
  const counts = total.filter(([, count]) => count).map(([change, count]) => `${formatCount(count)} ${change}`);
  const sum = total.reduce((all, [, count]) => all + count, 0);
  const compare = pathWithQuery(`/sites/${site.slug}/compare`, {
    from: moment(from),
    to: until ? moment(until) : environment.slug,
  });
  const history = pathWithQuery(`/sites/${site.slug}/history`, {
    environment: environment.slug,
    from: shortMoment(from),
    until: until && shortMoment(until),
  });
  return html`<p class="lead">${sum ? differing(tallies) : "Nothing"} changed on ${env(environment)} ${span}${counts.length > 0 && `: ${counts.join(", ")}`}.</p>
${first && html`<p>${statusBadge("unknown", html`Sitebook was told of ${environment.name} only from ${fullTime(first, site.time_zone)} on: what stood there before is unknown.`, { wrap: true })}</p>`}
${lines.length > 0 && differences(props, answer)}
<p class="ways">${linkButton(compare, sum > lines.length ? `Compare: all ${formatCount(sum)}` : "Compare")} ${linkButton(history, "What happened, one by one")}</p>`;
}

/** "3 pages and 1 piece of software" */
function differing({ page, software }: To<"changed">["tallies"]): string {
  const [shown, run] = [page, software].map(({ added, changed, removed }) => added + changed + removed) as [
    number,
    number,
  ];
  const what = [shown && countOf(shown, "page"), run && countOf(run, "software item")].filter(
    (one) => typeof one === "string",
  );
  return joinWithAnd(what);
}

function differences({ site, now }: Props, { environment, lines }: To<"changed">): Html {
  const sections = [...Map.groupBy(lines, sectionHeading)];
  return table({
    caption: `What changed on ${environment.name}`,
    quiet: true,
    columns: ["Page or software", "Change", "Before", "After"],
    look: "flow",
    body: each(sections, ([name, rows]) =>
      group(
        name,
        4,
        each(rows, (one) =>
          row(
            html`${rowHead(artifactLink(site.slug, one))}${cell("Change", statusBadge(one.change, one.change))}${cell("Before", versionTag(one.from, "not there"))}${cell("After", html`${versionTag(one.to, "not there")}${one.to_since && html` <span class="ago">since ${time(one.to_since, site.time_zone, now)}</span>`}`)}`,
          ),
        ),
        formatCount(rows.length),
      ),
    ),
  });
}

function waits({ site, now }: Props, { role, promotions }: To<"waits">): Html {
  const whom = role ? role.name : "anybody";
  if (!promotions.length) return html`<p class="lead">Nothing waits for ${whom}.</p>`;
  return html`<p class="lead">${countOf(promotions.length, "promotion waits", "promotions wait")} for ${whom}.</p>
<ul class="stands">${each(
    promotions,
    (
      one,
    ) => html`<li><a href="/sites/${site.slug}/promotions/${one.number}">Promotion ${one.number}, ${one.name}</a> ${environmentPath(one.from, one.environment)}, asked for by ${one.asked_by} on ${time(one.asked_at, site.time_zone, now)}${
      !role &&
      html`, waits for ${one.requirements
        .filter((it) => it.given < it.needed)
        .map((it) => it.name)
        .join(" and ")}`
    }</li>
`,
  )}</ul>`;
}
