import type { Finding } from "../../src/observations/queries.ts";
import { formatCount } from "../../src/text.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, serverAddress } from "../parts/artifact.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { chips, empty, head } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";

type FindingsSite = { slug: string; name: string; time_zone: string };

type Props = {
  site: FindingsSite;
  now: string;
  findings: Finding[];
  older: string | undefined;
  isContinued: boolean;
  environment: string | undefined;
  code: string | undefined;
  /** How many are open in each environment. */
  counts: { slug: string; name: string; tier: string; count: number; codes: { code: string; count: number }[] }[];
  /** What each code is called. */
  words: Record<string, string>;
};

export function findingsPage(props: Props): Html {
  const { findings, isContinued } = props;
  return html`${head({ title: "Findings", under: "What the servers show that disagrees with the record or with good order. A finding is settled when a visit no longer finds it." })}
${filters(props)}
${findings.length ? list(props) : empty(isContinued ? "There are no older findings." : "Nothing was found.")}
${visitLinks(props)}`;
}

const address = ({ site, environment, code }: Props, change: Record<string, string | undefined>): string =>
  pathWithQuery(`/sites/${site.slug}/findings`, { environment, code, ...change });

function filters(props: Props): Html {
  const { counts, environment, code, words } = props;
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const shown = counts.filter(({ slug }) => environment === undefined || slug === environment);
  const codes = Map.groupBy(
    shown.flatMap(({ codes }) => codes),
    (one) => one.code,
  );
  const places = [
    { href: address(props, { environment: undefined }), text: "All environments", count: total, current: !environment },
    ...counts.map(({ slug, name, count }) => ({
      href: address(props, { environment: slug }),
      text: html`<bdi>${name}</bdi>`,
      count,
      current: slug === environment,
    })),
  ];
  const kinds = [
    { href: address(props, { code: undefined }), text: "All kinds", current: !code },
    ...[...codes].map(([one, rows]) => ({
      href: address(props, { code: one }),
      text: words[one] ?? one,
      count: rows.reduce((sum, { count }) => sum + count, 0),
      current: one === code,
    })),
  ];
  return html`<div class="filters">${chips("Environments", places)}</div>${codes.size > 0 && html`<div class="filters">${chips("Kinds", kinds)}</div>`}`;
}

function list(props: Props): Html {
  const { site, now, findings, older, isContinued } = props;
  const body = each(findings, (finding) =>
    row(
      html`${rowHead(html`${statusBadge("blocked", finding.word)} ${about(site, finding)}`)}${cell("What", html`${finding.sentence} <small>${finding.advice}</small>`)}${cell("Server", html`${env({ name: finding.environment_name, tier: tierOf(props, finding) })} <small><bdi>${finding.server}</bdi></small>`)}${cell("Since", time(finding.opened_at, site.time_zone, now))}`,
    ),
  );
  return html`${table({ caption: "Open findings, newest first", columns: ["Finding", "What", "Server", "Since"], body })}${pager({ previous: isContinued ? address(props, {}) : undefined, previousWord: "Newest", next: older && address(props, { before: older }), nextWord: "Older" })}`;
}

const tierOf = ({ counts }: Props, finding: Finding): string =>
  counts.find(({ slug }) => slug === finding.environment)?.tier ?? "other";

/** The page, with a link to what the server shows of it. */
const about = (site: FindingsSite, { path, base_url, environment_name }: Finding): Html =>
  path
    ? html`${artifactLink(site.slug, { kind: "page", key: path })} <small><a href="${serverAddress(base_url, path)}">Open on ${environment_name}<span class="sr">: ${path}</span></a></small>`
    : html`<a href="${base_url}">${base_url}</a>`;

const visitLinks = ({ site, counts }: Props): Html =>
  html`<p>Visits to ${each(counts, ({ slug, name, count }, i) => html`${i > 0 && ", "}<a href="/sites/${site.slug}/observations/${slug}"><bdi>${name}</bdi></a> <small>(${formatCount(count)} found)</small>`)}</p>`;
