import type { Site } from "../../src/access/sites.ts";
import type { RoleNames } from "../../src/record/role-names.ts";
import type { ArtifactPlacement, SearchAnswer } from "../../src/search/answers.ts";
import { countOf, formatCount, joinWithAnd } from "../../src/text.ts";
import { localInput, longDay } from "../../src/time/format.ts";
import { endOfDay, formatRangeEnd } from "../../src/time/parse-moment.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { artifactLink, artifactPath, versionTag } from "../parts/artifact.ts";
import { linkButton } from "../parts/button.ts";
import { env, environmentPath } from "../parts/environment.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { note } from "../parts/page.ts";
import { allInRoles, inRole, nameOf, nowCalled, requester } from "../parts/people.ts";
import { baselineWords, beforeApproval, sectionHeading } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, row, rowHead, table } from "../parts/table.ts";
import { fullTime, time } from "../parts/time.ts";

type Props = { site: Site; now: string; rolesAt: (at: string) => RoleNames };
type AnswerTo<Kind extends SearchAnswer["to"]> = Extract<SearchAnswer, { to: Kind }>;

/** The answer to a question, above the search results. */
export function searchAnswer(props: Props, answer: SearchAnswer): Html {
  if (answer.to === "unanswerable") return note(answer.sentence, { kind: "bad" });
  return html`<section class="answer" aria-label="Answer">${content(props, answer)}</section>`;
}

function content(props: Props, answer: Exclude<SearchAnswer, { to: "unanswerable" }>): Html {
  switch (answer.to) {
    case "where":
      return where(props, answer);
    case "who":
      return who(props, answer);
    case "when":
      return when(props, answer);
    case "changed":
      return changed(props, answer);
    case "waiting":
      return waiting(props, answer);
    case "approved":
      return approved(props, answer);
    case "contents":
      return html`<p class="lead">${env(answer.environment)}: <a href="/sites/${props.site.slug}/environments/${answer.environment.slug}">what is there, since when, and who approved it</a>.</p>`;
  }
}

type Artifact = AnswerTo<"where">["artifact"];

const historyLinks = ({ site }: Props, artifact: Artifact): Html =>
  html`<p class="ways"><a href="${artifactPath(site.slug, artifact)}">Full history</a> <a href="${pathWithQuery(`/sites/${site.slug}/history`, { kind: artifact.kind, key: artifact.key })}">Activity</a></p>`;

function where(props: Props, { artifact, at, placements }: AnswerTo<"where">): Html {
  const { site } = props;
  return html`<p class="lead">${at && html`As of ${fullTime(at, site.time_zone)}: `}${artifactLink(site.slug, artifact)}</p>
<ul class="answer-list">${each(
    placements,
    (placement) => html`<li>${placementWords(props, placement)}${otherTitle(artifact, placement)}</li>
`,
  )}</ul>${historyLinks(props, artifact)}`;
}

/** The title of the version on one environment, if it is another than that of the page in general. */
const otherTitle = (artifact: Artifact, { placement }: ArtifactPlacement): Html | false =>
  Boolean(placement?.title && placement.title !== artifact.title) &&
  html` <bdi class="title">“${placement?.title}”</bdi>`;

/** "v31 on live since 2 Nov, 09:00, approved by Mara (Marketing)" */
function placementWords(props: Props, { environment, nameNow, placement, approvals }: ArtifactPlacement): Html {
  const { site, now } = props;
  const place = html`${env(environment)}${nowCalled(nameNow)}`;
  if (!placement) return html`${statusBadge("unknown", "not recorded")} on ${place}`;
  const since = html` on ${place} since ${time(placement.effective_at, site.time_zone, now)}`;
  if (placement.version === null) return html`${statusBadge("removed", "removed")}${since}`;
  const unapproved = environment.gate && placement.out_of_band;
  const approval: Piece = approvals.length
    ? html`, approved by ${people(props, approvals)} ${beforeApproval(placement, approvals)}`
    : placement.baseline
      ? html`, ${statusBadge("baseline", baselineWords(placement, site.time_zone, now))}`
      : unapproved && html`, ${statusBadge("band", "out of band")}: not approved`;
  return html`${versionTag(placement.version)}${since}${approval}`;
}

/** "Theo (Tester) and Mara (Marketing)" */
const people = ({ rolesAt }: Props, approvals: ArtifactPlacement["approvals"]): Html =>
  allInRoles(approvals, ({ role, decided_at }) => rolesAt(decided_at)[role] ?? role);

function who(props: Props, { artifact, placement, at }: AnswerTo<"who">): Html {
  const { site } = props;
  const asOf = at && html`<p>As of ${fullTime(at, site.time_zone)}.</p>`;
  return html`<p class="lead">${approvers(props, artifact, placement, at)}</p>${asOf}${historyLinks(props, artifact)}`;
}

function approvers(props: Props, artifact: Artifact, answer: ArtifactPlacement, at: string | undefined): Html {
  const { site, now, rolesAt } = props;
  const { environment, nameNow, placement, approvals } = answer;
  const name = artifactLink(site.slug, artifact);
  const place = html`${env(environment)}${nowCalled(nameNow)}`;
  if (!placement)
    return html`Nobody: ${name} ${at ? "had" : "has"} never been recorded on ${place}${at && " by then"}.`;
  const what =
    placement.version === null
      ? html`the removal of ${name} from ${place}`
      : html`${name} ${versionTag(placement.version)} on ${place}`;
  const since = time(placement.effective_at, site.time_zone, now);
  const promotion =
    placement.promotion &&
    html`<a href="/sites/${site.slug}/promotions/${placement.promotion}">promotion ${placement.promotion}</a>`;
  const [first, ...others] = approvals;
  if (first)
    return html`${inRole(first, rolesAt(first.decided_at)[first.role] ?? first.role)} approved ${what} on ${time(first.decided_at, site.time_zone, now)}${each(others, (approval) => html`, and ${inRole(approval, rolesAt(approval.decided_at)[approval.role] ?? approval.role)} on ${time(approval.decided_at, site.time_zone, now)}`)}. It came with ${promotion} and ${at ? "had" : "has"} been there since ${since}. ${beforeApproval(placement, answer.approvals)}`;
  const deployment = html`<a href="/sites/${site.slug}/deployments/${placement.deployment}">deployment ${placement.deployment}</a>`;
  if (placement.baseline)
    return html`Nobody: ${what} was ${statusBadge("baseline", baselineWords(placement, site.time_zone, now))}, ${deployment}.`;
  if (placement.out_of_band)
    return html`Nobody: ${what} is ${statusBadge("band", "out of band")}, ${deployment} of ${since}.`;
  if (promotion) return html`Nobody: ${what} came with ${promotion} on ${since}, which needed no approval.`;
  return html`Nobody: ${what} came with ${deployment} on ${since}. ${environment.gate ? "No approval was needed then." : html`No approval is needed on <bdi>${environment.name}</bdi>.`}`;
}

function when(props: Props, { artifact, environment, spans, more }: AnswerTo<"when">): Html {
  const { site, now } = props;
  const at = (moment: string) =>
    html`<a href="${pathWithQuery(`/sites/${site.slug}/environments/${environment.slug}`, { as_of: shortMoment(moment) })}">${time(moment, site.time_zone, now)}</a>`;
  if (!spans.length)
    return html`<p class="lead">${artifactLink(site.slug, artifact)} has never been recorded on ${env(environment)}.</p>${historyLinks(props, artifact)}`;
  return html`<p class="lead">${artifactLink(site.slug, artifact)} ${spans.length > 1 ? "last changed" : "was recorded"} on ${env(environment)} on ${time(spans[0]?.effective_at ?? now, site.time_zone, now)}.</p>
<ol class="answer-list">${each(
    spans,
    ({
      version: label,
      effective_at,
      out_of_band,
    }) => html`<li>${label === null ? statusBadge("removed", "removed") : versionTag(label)} on ${at(effective_at)}${out_of_band === 1 && html` ${statusBadge("band", "out of band")}`}</li>
`,
  )}</ol>${more && html`<p>Older changes are in the full history.</p>`}${historyLinks(props, artifact)}`;
}

function changed(props: Props, answer: AnswerTo<"changed">): Html {
  const { site } = props;
  const { environment, from, until, first, counts, lines } = answer;
  const moment = (at: string) => `${environment.slug}@${shortMoment(at)}`;
  const period = until ? periodWords(from, until, site.time_zone) : html`since ${fullTime(from, site.time_zone)}`;
  const byChange = (["added", "changed", "removed"] as const).map(
    (change) => [change, counts.page[change] + counts.software[change]] as const,
  );
  const words = byChange.filter(([, count]) => count).map(([change, count]) => `${formatCount(count)} ${change}`);
  const isMixed = byChange.some(([change, count]) => change !== "changed" && count > 0);
  const total = byChange.reduce((sum, [, count]) => sum + count, 0);
  const compare = pathWithQuery(`/sites/${site.slug}/compare`, {
    from: moment(from),
    to: until ? moment(until) : environment.slug,
  });
  const history = pathWithQuery(`/sites/${site.slug}/history`, {
    environment: environment.slug,
    from: shortMoment(from),
    until: until && formatRangeEnd(until, site.time_zone),
  });
  return html`<p class="lead">${total ? countWords(counts) : "Nothing"} changed on ${env(environment)} ${period}${isMixed && `: ${words.join(", ")}`}.</p>
${first && html`<p>${statusBadge("unknown", html`The record of ${environment.name} starts on ${fullTime(first, site.time_zone)}: what was there before is unknown.`, { wrap: true })}</p>`}
${lines.length > 0 && differences(props, answer)}
<p class="ways">${linkButton(compare, total > lines.length ? `Compare all ${formatCount(total)}` : "Compare")} ${linkButton(history, "Activity")}</p>`;
}

/** "on Monday 2 March 2026", "from 2 March 2026, 14:00 to the end of Sunday 8 March 2026" */
function periodWords(from: string, until: string, zone: string): Html | string {
  const day = localInput(until, zone).slice(0, 10);
  if (until !== endOfDay(day, zone)) return html`from ${fullTime(from, zone)} until ${fullTime(until, zone)}`;
  if (localInput(from, zone) === `${day}T00:00`) return `on ${longDay(from, zone)}`;
  return html`from ${fullTime(from, zone)} to the end of ${longDay(until, zone)}`;
}

/** "3 pages and 1 software item" */
function countWords({ page, software }: AnswerTo<"changed">["counts"]): string {
  const pages = page.added + page.changed + page.removed;
  const items = software.added + software.changed + software.removed;
  const words = [pages && countOf(pages, "page"), items && countOf(items, "software item")];
  return joinWithAnd(words.filter((part) => typeof part === "string"));
}

function differences({ site, now }: Props, { environment, lines }: AnswerTo<"changed">): Html {
  const sections = [...Map.groupBy(lines, sectionHeading)];
  return table({
    caption: `What changed on ${environment.name}`,
    quiet: true,
    columns: ["Page or software", "Change", "Before", "After"],
    look: "flow",
    groups: each(sections, ([name, rows]) =>
      group(
        name,
        4,
        each(rows, (line) =>
          row(
            html`${rowHead(artifactLink(site.slug, line))}${cell("Change", statusBadge(line.change, line.change))}${cell("Before", versionTag(line.from, "–"))}${cell("After", html`${versionTag(line.to, "–")}${line.to_since && html` <span class="ago">since ${time(line.to_since, site.time_zone, now)}</span>`}`)}`,
          ),
        ),
        formatCount(rows.length),
      ),
    ),
  });
}

function waiting({ site, now }: Props, { role, promotions }: AnswerTo<"waiting">): Html {
  const whom = role ? role.name : "approval";
  if (!promotions.length) return html`<p class="lead">Nothing is waiting for ${whom}.</p>`;
  return html`<p class="lead">${countOf(promotions.length, "promotion is", "promotions are")} waiting for ${whom}.</p>
<ul class="answer-list">${each(
    promotions,
    ({
      number,
      name,
      from,
      environment,
      asked_at,
      requirements,
      ...asked
    }) => html`<li><a href="/sites/${site.slug}/promotions/${number}">Promotion ${number}, <bdi>${name}</bdi></a> ${environmentPath(from, environment)}, requested by ${nameOf(requester(asked))} on ${time(asked_at, site.time_zone, now)}${!role && `, waiting for ${joinWithAnd(rolesMissing(requirements))}`}</li>
`,
  )}</ul>`;
}

function approved({ site, now }: Props, { whom, environment, approvals, more }: AnswerTo<"approved">): Html {
  const where = environment && html` for ${env(environment)}`;
  if (!approvals.length) return html`<p class="lead"><bdi>${whom}</bdi> has not approved anything${where}.</p>`;
  return html`<p class="lead">Approved by <bdi>${whom}</bdi>${where}:</p>
<ul class="stands">${each(
    approvals,
    ({
      number,
      name,
      environment,
      decided_at,
      ...approver
    }) => html`<li><a href="/sites/${site.slug}/promotions/${number}">Promotion ${number}, <bdi>${name}</bdi></a> for <bdi>${environment}</bdi>, by ${nameOf(approver)} on ${time(decided_at, site.time_zone, now)}</li>
`,
  )}</ul>${more && html`<p><a href="/sites/${site.slug}/history?action=promotion_approved">All approvals</a></p>`}`;
}

const rolesMissing = (requirements: { name: string; given: number; needed: number }[]): string[] =>
  requirements.filter(({ given, needed }) => given < needed).map(({ name }) => name);
