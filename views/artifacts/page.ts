import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PastPlacement, VersionFacts } from "../../src/artifacts/queries.ts";
import type { Timeline } from "../../src/artifacts/timeline.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import type { Correction } from "../../src/record/corrections.ts";
import type { Kind } from "../../src/schema.ts";
import { longTime, recordedLater } from "../../src/time/format.ts";
import { correctionsTold, correctLink } from "../corrections.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { artifactPath, digest, serverAddress, versionTag } from "../parts/artifact.ts";
import { button, hiddenField } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { momentExamples, momentInput } from "../parts/moment.ts";
import { chips, facts, fold, head } from "../parts/page.ts";
import { approvedByCell, placementSource } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { fullTime, time } from "../parts/time.ts";
import { lanes } from "./timeline.ts";

/** How it stands in one environment now: a version, removed (null), or never recorded (nothing). */
type StandsIn = { environment: Environment; version?: string | null | undefined };

export type ArtifactProps = {
  site: Site;
  now: string;
  artifact: { kind: Kind; key: string; title: string | null; section: string };
  stands: StandsIn[];
  waiting: { number: number; environment: Environment; version: string | null; roles: string[] }[];
  drawing: Timeline;
  zooms: { text: string; from: string | undefined; current: boolean }[];
  /** The time range that was asked for, as its fields say it, and what was wrong with it. */
  asked: { from: string; to: string };
  wrong?: { from?: string; to?: string } | undefined;
  placed: PastPlacement[];
  next?: string | undefined;
  continued: boolean;
  approvers: Map<string, ApprovedBy[]>;
  corrections: Correction[];
  may: { correct: boolean };
  versions: VersionFacts[];
};

export function artifactPage(props: ArtifactProps): Html {
  return html`${header(props)}
${!props.continued && figure(props)}${rangeForm(props)}
<h2 class="sr">Every placement</h2>
${placementTable(props)}
${pager({ previous: props.continued ? here(props) : undefined, previousWord: "Newest", next: props.next && here(props, { before: props.next }), nextWord: "Older" })}
${versions(props)}`;
}

const here = ({ site, artifact, asked }: ArtifactProps, more: Record<string, string | undefined> = {}): string =>
  pathWithQuery(`/sites/${site.slug}/artifacts/${artifact.kind}`, { key: artifact.key, ...asked, ...more });

function header(props: ArtifactProps): Html {
  const { site, artifact, stands } = props;
  const seen = stands.filter((one) => one.version && one.environment.servers[0]);
  return head({
    over: [
      html`<a href="/sites/${site.slug}">Board</a>`,
      belongs(artifact),
      html`<a href="${pathWithQuery(`/sites/${site.slug}/history`, { kind: artifact.kind, key: artifact.key })}">Who did what with it</a>`,
    ],
    title: artifact.key,
    lead: html`${artifact.title && html`“${artifact.title}”. `}${sentence(props)}${each(props.waiting, (one) => html` ${waits(site, one)}`)}`,
    actions:
      artifact.kind === "page" &&
      seen.length > 0 &&
      each(
        seen,
        ({ environment }) =>
          html`<a class="button" href="${serverAddress(environment.servers[0]?.base_url ?? "", artifact.key)}">See on ${environment.name}</a> `,
      ),
  });
}

function belongs({ kind, section }: ArtifactProps["artifact"]): string {
  if (kind === "software") return "Software";
  return section ? `Page in section /${section}` : "Page at the top level";
}

/** "v33 is on beta and demo; v31 is on live." */
function sentence({ stands }: ArtifactProps): Html {
  const groups = [...Map.groupBy(stands, (one) => one.version)];
  const parts = groups.map(([label, where]) => {
    const names = listed(where.map((one) => html`<b>${one.environment.name}</b>`));
    if (label === undefined) return html`never recorded on ${names}`;
    return label === null ? html`removed from ${names}` : html`${versionTag(label)} is on ${names}`;
  });
  return html`${each(parts, (part, i) => html`${i > 0 && "; "}${part}`)}.`;
}

const listed = (all: Html[]): Html =>
  each(all, (one, i) => html`${i > 0 && (i === all.length - 1 ? " and " : ", ")}${one}`);

const waits = (site: Site, one: ArtifactProps["waiting"][number]): Html =>
  statusBadge("waiting", waitingWords(one), { href: `/sites/${site.slug}/promotions/${one.number}`, wrap: true });

function waitingWords({ environment, version, roles }: ArtifactProps["waiting"][number]): string {
  const what = version ?? "its removal";
  return roles.length
    ? `${what} is waiting for ${roles.join(" and ")}, to go to ${environment.name}`
    : `${what} is approved for ${environment.name} and waits to be completed`;
}

function figure(props: ArtifactProps): Html {
  const { site, drawing, stands, waiting, now, artifact, approvers } = props;
  const zone = site.time_zone;
  const until = drawing.to === now ? html`today, ${fullTime(now, zone)}` : fullTime(drawing.to, zone);
  const places = stands.map(({ environment: { name, tier } }) => ({ name, tier }));
  const held = stands.map(
    ({ environment, version }) =>
      `${environment.name}: ${version === undefined ? "never recorded" : (version ?? "removed")}`,
  );
  return html`<figure class="figure"><figcaption>Its life from ${fullTime(drawing.from, zone)} to ${until}. Ticked: approved. Dashed: out of band. Cross: taken back.${drawing.cut && " It changed too often to draw all of it: what is older is left out here, and is in the table."}</figcaption>
${lanes({
  drawing,
  places,
  zone,
  now,
  approvers,
  waiting: stands.map(({ environment }) => {
    const next = waiting.find((one) => one.environment.id === environment.id);
    return next && waitingWords(next);
  }),
  label: `${stands.length} lanes, one for each environment, with a bar for each version of ${artifact.key} over time. Now: ${held.join(", ")}. The table below says the same.`,
})}</figure>`;
}

/** For which time its life is shown, drawn and in the table: the last week, month, … or from then till then. */
function rangeForm(props: ArtifactProps): Html {
  const { site, artifact, zooms, asked, wrong } = props;
  const whole = { from: undefined, to: undefined };
  const zoomed = zooms.map(({ text, from, current }) => ({ text, current, href: here(props, { ...whole, from }) }));
  return html`<div class="filters">${zooms.length > 1 && chips("Time shown", zoomed)}
<form class="moment" action="/sites/${site.slug}/artifacts/${artifact.kind}">${hiddenField("key", artifact.key)}
${momentInput({ name: "from", label: "From", value: asked.from, error: wrong?.from, empty: "its beginning" })}
${momentInput({ name: "to", label: "Until", value: asked.to, error: wrong?.to })}${momentExamples}
${button({ text: "Show" })}</form></div>`;
}

const COLUMNS = ["Where", "Version", "From", "Until", "Told", "Came by", "Approved by"];

const placementTable = (props: ArtifactProps): Html =>
  table({
    caption: `Every placement${props.asked.from || props.asked.to ? " in that time" : ""}, newest first. “Told” is when it was recorded, and by whom.`,
    columns: COLUMNS,
    look: "flow",
    body: each(props.placed, (one) => placement(props, one)),
  });

function placement(props: ArtifactProps, one: PastPlacement): Html {
  const { site, now, approvers, corrections, artifact, may } = props;
  const zone = site.time_zone;
  const said = corrections.filter((correction) => correction.corrected_id === one.deployment_id);
  const wrong = said.at(-1)?.stands === 0;
  const environment = site.environments.find((place) => place.slug === one.environment);
  const told = html`${time(one.recorded_at, zone, now)}`;
  const later = recordedLater(one);
  const asOf = pathWithQuery(`/sites/${site.slug}/environments/${one.environment}`, {
    as_of: shortMoment(one.effective_at),
  });
  const came = html`${placementSource(site.slug, one)}${correctionsTold(said, site, now)}${may.correct && html` ${correctLink(site, { ...artifact, deployment: one.deployment }, wrong)}`}`;
  return row(
    html`${rowHead(environment ? env(environment) : one.environment)}${cell("Version", one.version === null ? statusBadge("removed", "removed") : versionTag(one.version))}${cell("From", html`<a class="plain" href="${asOf}">${time(one.effective_at, zone, now)}</a>`)}${cell("Until", until(props, one, wrong))}${cell("Told", html`${later ? statusBadge("late", html`${told}, ${later}`, { wrap: true }) : told} <span class="ago">${one.person}</span>`)}${cell("Came by", came)}${cell("Approved by", approvedByCell(approvers.get(one.promotion_id ?? "") ?? [], { gate: environment?.gate ?? null }, { zone, now }))}`,
    wrong ? "corrected" : undefined,
  );
}

function until({ site, now }: ArtifactProps, one: PastPlacement, corrected: boolean): Piece {
  if (corrected) return html`<span class="none">never was</span>`;
  return one.until ? time(one.until, site.time_zone, now) : "now";
}

/** What is known of the versions above beside their labels; nothing where nothing is. */
function versions(props: ArtifactProps): Html {
  const known = props.versions.filter((one) => one.digest || one.source || one.requires || one.notes);
  return html`${known.length > 0 && html`<h2>What is known of its versions</h2>${each(known, (one) => fold(versionTag(one.label), versionFacts(props, one), { small: html`first there ${longTime(one.first_at, props.site.time_zone)}` }))}`}`;
}

function versionFacts({ site }: ArtifactProps, one: VersionFacts): Html {
  const requires = Object.entries(JSON.parse(one.requires ?? "{}") as Record<string, string>);
  return facts([
    ["Notes", one.notes],
    [
      "Source",
      one.source && (/^https?:\/\//.test(one.source) ? html`<a href="${one.source}">${one.source}</a>` : one.source),
    ],
    ["Digest", one.digest && digest(one.digest)],
    [
      "Requires",
      requires.length > 0 &&
        each(
          requires,
          ([key, range], i) =>
            html`${i > 0 && ", "}<a href="${artifactPath(site.slug, { kind: "software", key })}">${key}</a> <span class="version">${range}</span>`,
        ),
    ],
  ]);
}
