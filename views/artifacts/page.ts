import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { DrawnPlacement, PastPlacement, VersionFacts } from "../../src/artifacts/queries.ts";
import type { Timeline } from "../../src/artifacts/timeline.ts";
import type { Finding } from "../../src/findings/queries.ts";
import type { LastSeen } from "../../src/observations/last-seen.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import type { Correction } from "../../src/record/corrections.ts";
import type { Kind } from "../../src/schema.ts";
import { joinWithAnd } from "../../src/text.ts";
import { ago, longTime, recordedLater } from "../../src/time/format.ts";
import { correctionNotes, correctLink } from "../corrections.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { artifactPath, digest, serverAddress, versionTag } from "../parts/artifact.ts";
import { button, hiddenField } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { followButton } from "../parts/follow.ts";
import { each, eachWithAnd, type Html, html, type Piece } from "../parts/html.ts";
import { momentExamples, momentInput } from "../parts/moment.ts";
import { chips, facts, fold, head, panel } from "../parts/page.ts";
import { nameOf, nowCalled } from "../parts/people.ts";
import { approvedByCell, placementSource } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { fullTime, time } from "../parts/time.ts";
import { type OwnerProps, ownerPanel } from "./owner.ts";
import { lanes } from "./timeline.ts";

/** Its current version in one environment; null: removed; undefined: never recorded. */
type CurrentVersion = { environment: Environment; version?: string | null | undefined };

export type ArtifactProps = {
  site: Site;
  now: string;
  artifact: { kind: Kind; key: string; title: string | null; section: string };
  current: CurrentVersion[];
  waiting: { number: number; environment: Environment; version: string | null; roles: string[]; blocked: boolean }[];
  /** The environments of its lanes: those of now, and the retired ones on which it was recorded. */
  environments: Environment[];
  timeline: Timeline;
  /** What it says about placements, by seq. */
  drawn: Map<number, DrawnPlacement>;
  zooms: { text: string; from: string | undefined; current: boolean }[];
  /** The text of the two fields of the period, and what is wrong with it. */
  requested: { from: string; to: string };
  errors?: { from?: string; to?: string } | undefined;
  placements: PastPlacement[];
  next?: string | undefined;
  isContinued: boolean;
  approvers: Map<string, ApprovedBy[]>;
  corrections: Correction[];
  /** What visits found about it that is not settled. */
  findings: Finding[];
  /** What each server showed when it was visited last. */
  lastSeen: LastSeen[];
  may: Permitted;
  versions: VersionFacts[];
} & Pick<OwnerProps, "owners" | "people">;

export function artifactPage(props: ArtifactProps): Html {
  return html`${header(props)}${ownerPanel(props)}${seenPanel(props)}
${!props.isContinued && figure(props)}${rangeForm(props)}
<h2 class="sr">Placements</h2>
${placementTable(props)}
${pager({ previous: props.isContinued ? hrefWith(props) : undefined, previousWord: "Newest", next: props.next && hrefWith(props, { before: props.next }), nextWord: "Older" })}
${versionNotes(props)}`;
}

/** The address of this page with some of its query changed. */
const hrefWith = (
  { site, artifact, requested }: ArtifactProps,
  changes: Record<string, string | undefined> = {},
): string =>
  pathWithQuery(`/sites/${site.slug}/artifacts/${artifact.kind}`, { key: artifact.key, ...requested, ...changes });

function header(props: ArtifactProps): Html {
  const { site, artifact, current } = props;
  const online = current.filter(({ version, environment }) => version && environment.servers[0]);
  return head({
    over: [
      html`<a href="/sites/${site.slug}">Board</a>`,
      sectionName(artifact),
      html`<a href="${pathWithQuery(`/sites/${site.slug}/history`, { kind: artifact.kind, key: artifact.key })}">Activity</a>`,
    ],
    title: html`<bdi>${artifact.key}</bdi>`,
    lead: html`${artifact.title && html`“<bdi>${artifact.title}</bdi>”. `}${currentWords(props)}${each(props.waiting, (promotion) => html` ${waitingBadge(site, promotion)}`)}`,
    actions:
      artifact.kind === "page" &&
      html`${each(
        online,
        ({ environment }) =>
          html`<a class="button" href="${serverAddress(environment.servers[0]?.base_url ?? "", artifact.key)}">Open on ${environment.name}</a> `,
      )}${followButton(site, { subject: "page", name: artifact.key, environment: site.environments.at(-1)?.slug ?? "", back: hrefWith(props) })}`,
  });
}

function sectionName({ kind, section }: ArtifactProps["artifact"]): string {
  if (kind === "software") return "Software";
  return section ? `Page in section /${section}` : "Page at the top level";
}

/** "v33 is on beta and demo; v31 is on live.", "Removed from beta; never recorded on demo and live." */
function currentWords({ current }: ArtifactProps): Html {
  const groups = [...Map.groupBy(current, ({ version }) => version)];
  const parts = groups.map(([label, group], i) => {
    const names = eachWithAnd(group.map(({ environment }) => html`<b><bdi>${environment.name}</bdi></b>`));
    if (label === undefined) return html`${i ? "never" : "Never"} recorded on ${names}`;
    return label === null
      ? html`${i ? "removed" : "Removed"} from ${names}`
      : html`${versionTag(label)} is on ${names}`;
  });
  return html`${each(parts, (part, i) => html`${i > 0 && "; "}${part}`)}.`;
}

/** "Seen 12 minutes ago on demo: as recorded", and what was found. */
function seenPanel({ site, now, findings, lastSeen }: ArtifactProps): Html | false {
  if (!findings.length && !lastSeen.length) return false;
  const seen = each(
    lastSeen,
    ({ environment, server, seen_at, state, word }) =>
      html`<li><span>Seen ${ago(seen_at, now)} on <bdi>${environment.name}</bdi>${environment.servers.length > 1 && html` (<bdi>${server}</bdi>)`}: ${statusBadge(state, word)}</span><small>${time(seen_at, site.time_zone, now)}</small></li>`,
  );
  const found = each(
    findings,
    ({ id, word, state, environment_name, sentence }) =>
      html`<li><span>${statusBadge(state === "open" ? "blocked" : "approved", `${word}${state === "open" ? "" : ", accepted"}`, { href: `/sites/${site.slug}/findings/${id}` })} on <bdi>${environment_name}</bdi></span><small>${sentence}</small></li>`,
  );
  return panel("seen", "On the servers", html`<ul class="steps">${seen}${found}</ul>`);
}

type WaitingPromotion = ArtifactProps["waiting"][number];

const waitingBadge = (site: Site, promotion: WaitingPromotion): Html =>
  statusBadge(promotion.blocked ? "blocked" : "waiting", waitingWords(promotion), {
    href: `/sites/${site.slug}/promotions/${promotion.number}`,
    wrap: true,
  });

/** "v2 for live: waiting for Marketing" */
function waitingWords({ environment, version, roles, blocked }: WaitingPromotion): string {
  const what = version === null ? `Removal from ${environment.name}` : `${version} for ${environment.name}`;
  if (blocked) return `${what}: blocked`;
  return `${what}: ${roles.length ? `waiting for ${joinWithAnd(roles)}` : "approved, not yet completed"}`;
}

function figure(props: ArtifactProps): Html {
  const { site, timeline, drawn, current, waiting, now, artifact, approvers } = props;
  const zone = site.time_zone;
  const until = timeline.to === now ? html`today, ${fullTime(now, zone)}` : fullTime(timeline.to, zone);
  const environments = props.environments.map(({ name, tier, retired_at }) => ({
    name,
    tier,
    retired: retired_at !== null,
  }));
  const versionsNow = current.map(
    ({ environment, version }) =>
      `${environment.name}: ${version === undefined ? "never recorded" : (version ?? "removed")}`,
  );
  const isMerged = timeline.lanes.some(({ bars }) => bars.some(({ seqs }) => seqs.length > 1));
  return html`<figure class="figure"><figcaption>Timeline from ${fullTime(timeline.from, zone)} to ${until}. ✓ approved, ⊥ baseline, dashed = out of band, ✕ = corrected.${isMerged && " Versions that were there too briefly to be drawn apart share a striped bar; the table lists each of them."}${timeline.cut && " Older changes are not drawn; the table lists them."}</figcaption>
${lanes({
  timeline,
  drawn,
  environments,
  zone,
  now,
  approvers,
  waiting: current.map(({ environment }) => {
    const promotion = waiting.find((waiting) => waiting.environment.id === environment.id);
    return promotion && waitingWords(promotion);
  }),
  label: `${environments.length} lanes, one for each environment, with ${isMerged ? "bars for the versions" : "a bar for each version"} of ${artifact.key} over time. Now: ${versionsNow.join(", ")}. The table below has the same data.`,
})}</figure>`;
}

/** Selects the period that the timeline and the table show: the last week, month, …, or between two moments. */
function rangeForm(props: ArtifactProps): Html {
  const { site, artifact, zooms, requested, errors } = props;
  const whole = { from: undefined, to: undefined };
  const links = zooms.map(({ text, from, current }) => ({ text, current, href: hrefWith(props, { ...whole, from }) }));
  return html`<div class="filters">${zooms.length > 1 && chips("Period", links)}
<form class="moment" action="/sites/${site.slug}/artifacts/${artifact.kind}">${hiddenField("key", artifact.key)}
${momentInput({ name: "from", label: "From", value: requested.from, error: errors?.from, empty: "the start" })}
${momentInput({ name: "to", label: "Until", value: requested.to, error: errors?.to })}${momentExamples}
${button({ text: "Show" })}</form></div>`;
}

const COLUMNS = ["Environment", "Version", "From", "Until", "Recorded", "Source", "Approved by"];

const placementTable = (props: ArtifactProps): Html =>
  table({
    caption: `All placements${!props.errors && (props.requested.from || props.requested.to) ? " in this period" : ""}, newest first`,
    columns: COLUMNS,
    look: "flow",
    body: each(props.placements, (placement) => placementRow(props, placement)),
  });

function placementRow(props: ArtifactProps, placement: PastPlacement): Html {
  const { site, now, approvers, corrections, artifact, may } = props;
  const { version, title, deployment, effective_at, redirect } = placement;
  const zone = site.time_zone;
  const own = corrections.filter((correction) => correction.corrected_id === placement.deployment_id);
  const corrected = own.at(-1)?.stands === 0;
  const environment = [...site.environments, ...site.retired].find(({ slug }) => slug === placement.environment);
  const recorded = html`${time(placement.recorded_at, zone, now)}`;
  const later = recordedLater(placement);
  const asOf = pathWithQuery(`/sites/${site.slug}/environments/${placement.environment}`, {
    as_of: shortMoment(effective_at),
  });
  const source = html`${placementSource(site.slug, placement)}${correctionNotes(own, site, now)}${may.correct && html` ${correctLink(site, { ...artifact, deployment }, corrected)}`}`;
  return row(
    html`${rowHead(environment ? html`${env({ ...environment, name: placement.environment_name })}${nowCalled(placement.environment_now)}` : placement.environment)}${cell("Version", html`${version === null ? statusBadge("removed", "removed") : versionTag(version)}${redirect && html` <span class="ago">visitors are led to <bdi>${redirect}</bdi></span>`}${title && title !== artifact.title && html` <bdi class="title">“${title}”</bdi>`}`)}${cell("From", html`<a class="plain" href="${asOf}">${time(effective_at, zone, now)}</a>`)}${cell("Until", until(props, placement, corrected, environment?.retired_at))}${cell("Recorded", html`${later ? statusBadge("late", html`${recorded}, ${later}`, { wrap: true }) : recorded} <span class="ago">${nameOf({ ...placement, kind: placement.person_kind })}</span>`)}${cell("Source", source)}${cell("Approved by", approvedByCell(placement, approvers.get(placement.promotion_id ?? "") ?? [], { gate: environment?.gate ?? null }, { zone, now }))}`,
    corrected ? "corrected" : undefined,
  );
}

function until(
  { site, now }: ArtifactProps,
  placement: PastPlacement,
  corrected: boolean,
  retired_at: string | null | undefined,
): Piece {
  if (corrected) return html`<span class="none">never there</span>`;
  if (placement.until) return time(placement.until, site.time_zone, now);
  return retired_at ? html`${time(retired_at, site.time_zone, now)} <span class="ago">(retired)</span>` : "now";
}

/** The versions above of which more than the label is known. */
function versionNotes(props: ArtifactProps): Html {
  const versions = props.versions.filter(
    ({ digest, source, requires, notes }) => digest || source || requires || notes,
  );
  return html`${versions.length > 0 && html`<h2>Version notes</h2>${each(versions, (version) => fold(versionTag(version.label), versionFacts(props, version), { small: html`first deployed ${longTime(version.first_at, props.site.time_zone)}` }))}`}`;
}

function versionFacts({ site }: ArtifactProps, version: VersionFacts): Html {
  const { notes, source } = version;
  const requires = Object.entries(JSON.parse(version.requires ?? "{}") as Record<string, string>);
  return facts([
    ["Notes", notes],
    ["Source", source && (/^https?:\/\//.test(source) ? html`<a href="${source}">${source}</a>` : source)],
    ["Digest", version.digest && digest(version.digest)],
    [
      "Requires",
      requires.length > 0 &&
        each(
          requires,
          ([key, range], i) =>
            html`${i > 0 && ", "}<a href="${artifactPath(site.slug, { kind: "software", key })}"><bdi>${key}</bdi></a> <span class="version">${range}</span>`,
        ),
    ],
  ]);
}
