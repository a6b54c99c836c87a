import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Deployment, listDeploymentPlacements } from "../../src/deployments/queries.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import type { Correction } from "../../src/record/corrections.ts";
import { formatCount, joinWithAnd } from "../../src/text.ts";
import { recordedLater } from "../../src/time/format.ts";
import { correctionNote, correctLink } from "../corrections.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { chips, empty, facts, head } from "../parts/page.ts";
import { nameOf, nowCalled } from "../parts/people.ts";
import { beforeApproval, noVersion, since } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time, timeWithAgo } from "../parts/time.ts";

type ListProps = { site: Site; environment?: Environment | undefined; list: Deployment[]; more: boolean; now: string };

export function deploymentsPage({ site, environment, list, more, now }: ListProps): Html {
  const base = `/sites/${site.slug}/deployments`;
  const last = list.at(-1);
  const filter = environment ? `&environment=${environment.slug}` : "";
  return html`${head({ title: environment ? `Deployments on ${environment.name}` : "Deployments", under: "Newest first by when they took effect." })}
${chips("Environments", [
  { href: base, text: "All", current: !environment },
  ...site.environments.map(({ slug, name }) => ({
    href: `${base}?environment=${slug}`,
    text: name,
    current: slug === environment?.slug,
  })),
  ...site.retired.map(({ slug, name }) => ({
    href: `${base}?environment=${slug}`,
    text: `${name} (retired)`,
    current: slug === environment?.slug,
  })),
])}
${list.length === 0 ? empty("Nothing has been recorded yet.", linkButton(`${base}/new`, "Record a deployment")) : lineTable(site, list, now)}
${pager({ next: more && last ? `${base}?before=${last.effective_at}.${last.number}${filter}` : undefined, nextWord: "Older" })}`;
}

const lineTable = (site: Site, list: Deployment[], now: string): Html =>
  table({
    caption: "Deployments, newest first",
    quiet: true,
    columns: ["Deployment", "Environment", "Took effect", "By", "Changed", "Note"],
    body: each(list, (deployment) =>
      row(
        html`${rowHead(html`<a href="/sites/${site.slug}/deployments/${deployment.number}">Deployment ${deployment.number}</a>`)}${cell("Environment", env({ name: deployment.environment_name, tier: deployment.tier }))}${cell("Took effect", since(deployment, site.time_zone, now))}${cell("By", nameOf(deployment))}${cell("Changed", html`${deployment.changed}${deployment.out_of_band > 0 && html` ${statusBadge("band", "out of band")}`}${deployment.baseline === 1 && html` ${statusBadge("baseline", "baseline")}`}${deployment.freezes.length > 0 && html` ${statusBadge("band", "during a freeze")}`}`)}${cell("Note", deployment.promotion ? html`<a href="/sites/${site.slug}/promotions/${deployment.promotion}">Promotion ${deployment.promotion}</a>` : deployment.note)}`,
      ),
    ),
  });

type Placements = Awaited<ReturnType<typeof listDeploymentPlacements>>;

type PageProps = {
  site: Site;
  deployment: Deployment;
  placements: Placements;
  /** Whether anything was recorded for the environment before. */
  knownBefore: boolean;
  more: boolean;
  /** Who approved their promotions, by promotion id. */
  approvers: Map<string, ApprovedBy[]>;
  /** The latest correction of each of its lines, and of the whole deployment. */
  corrections: Correction[];
  may: Permitted;
  now: string;
};

export function deploymentPage(props: PageProps): Html {
  const { site, deployment, placements, more, now, corrections, may } = props;
  const whole = corrections.find((correction) => correction.artifact_id === null);
  const later = recordedLater(deployment);
  const last = placements.at(-1);
  const next = `/sites/${site.slug}/deployments/${deployment.number}?kind=${last?.kind}&section=${encodeURIComponent(last?.section ?? "")}&key=${encodeURIComponent(last?.key ?? "")}`;
  const same = deployment.unchanged ? `, ${formatCount(deployment.unchanged)} unchanged` : "";
  return html`${head({
    over: [
      html`${env({
        name: deployment.environment_name,
        tier: deployment.tier,
        href: `/sites/${site.slug}/environments/${deployment.environment}`,
      })}${nowCalled(deployment.environment_now)}`,
      html`<a href="/sites/${site.slug}/deployments">Deployments</a>`,
    ],
    title: `Deployment ${deployment.number}`,
    lead: `${formatCount(deployment.changed)} changed${same}${deployment.complete ? ", recorded as the complete list" : ""}.`,
    under: whole && correctionNote(whole, site, now),
    actions: may.correct && correctLink(site, { deployment: deployment.number }, whole?.stands === 0),
  })}
${facts([
  ["Took effect", timeWithAgo(deployment.effective_at, site.time_zone, now)],
  [
    "Before then",
    deployment.seen_otherwise_at &&
      html`last seen otherwise ${time(deployment.seen_otherwise_at, site.time_zone, now)}`,
  ],
  [
    "Recorded",
    html`${time(deployment.recorded_at, site.time_zone, now)} by ${nameOf(deployment)}${later && `, ${later}`}`,
  ],
  [
    "Promotion",
    deployment.promotion &&
      html`<a href="/sites/${site.slug}/promotions/${deployment.promotion}">Promotion ${deployment.promotion}</a>`,
  ],
  ["Flag", deployment.out_of_band > 0 && statusBadge("band", `${deployment.out_of_band} out of band`)],
  [
    "Freeze",
    deployment.freezes.length > 0 &&
      statusBadge("band", `during a freeze: ${joinWithAnd(deployment.freezes.map((number) => `freeze ${number}`))}`, {
        href: `/sites/${site.slug}/settings/freezes`,
        wrap: true,
      }),
  ],
  [
    "Baseline",
    deployment.baseline === 1 &&
      statusBadge("baseline", `what was already on ${deployment.environment_name} when the record began`, {
        wrap: true,
      }),
  ],
  ["Source", deployment.source],
  ["Note", deployment.note],
])}
${placements.length === 0 ? empty("It changed nothing.") : changes(props)}
${pager({ next: more ? next : undefined, nextWord: "More" })}`;
}

const changes = (props: PageProps): Html =>
  table({
    caption: "Changes",
    columns: ["Page or software", "Before", "After", "Source"],
    body: each(props.placements, (placement) => change(props, placement)),
  });

function change(
  { site, now, deployment, knownBefore, approvers, corrections, may }: PageProps,
  placement: Placements[number],
): Html {
  const { artifact_id, kind, key, before, version } = placement;
  const correction = corrections.find((latest) => latest.artifact_id === artifact_id);
  const corrected = placement.corrected === 1;
  const target = { deployment: deployment.number, kind, key };
  const source = html`${sourceOf(site, placement, deployment)} ${beforeApproval(placement, approvers.get(placement.promotion_id ?? "") ?? [])}${correction && html`<br>${correctionNote(correction, site, now)}`}${may.correct && html` ${correctLink(site, target, corrected)}`}`;
  return row(
    html`${rowHead(artifactLink(site.slug, placement))}${cell("Before", before ? versionTag(before) : noVersion({ unknown: !knownBefore }))}${cell("After", versionTag(version))}${cell("Source", source)}`,
    corrected ? "corrected" : undefined,
  );
}

const sourceOf = (site: Site, { promotion, out_of_band }: Placements[number], { baseline }: Deployment): Html =>
  promotion
    ? html`<a href="/sites/${site.slug}/promotions/${promotion}">Promotion ${promotion}</a>`
    : out_of_band
      ? statusBadge("band", "out of band")
      : baseline
        ? statusBadge("baseline", "baseline")
        : html`<span class="none">no gate</span>`;
