import type { Finding } from "../../src/findings/queries.ts";
import type { FindingState } from "../../src/findings/state-rules.ts";
import { formatCount } from "../../src/text.ts";
import { pathWithQuery } from "../parts/address.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { chips, empty, head } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { changesLink, findingSubject, openOnServer, settledHow } from "./finding.ts";

type Props = {
  site: { slug: string; name: string; time_zone: string };
  now: string;
  findings: Finding[];
  older: string | undefined;
  isContinued: boolean;
  environment: string | undefined;
  state: FindingState;
  kind: string | undefined;
  /** How many are in this state in each environment; of the settled ones this is not counted. */
  counts: { slug: string; name: string; tier: string; codes: { code: string; count: number }[] }[];
  /** What each code is called. */
  words: Record<string, string>;
};

export function findingsPage(props: Props): Html {
  const { findings, isContinued } = props;
  return html`${head({ title: "Findings", under: "What the servers show that disagrees with the record or with good order. A finding is settled when a visit no longer finds it, or when what was found is recorded." })}
${filters(props)}
${findings.length ? list(props) : empty(isContinued ? "There are no older findings." : none(props))}
${visitLinks(props)}`;
}

function none({ state }: Props): string {
  if (state === "open") return "Nothing was found.";
  return state === "accepted" ? "No finding is accepted." : "No finding is settled yet.";
}

const address = ({ site, environment, state, kind }: Props, change: Record<string, string | undefined>): string =>
  pathWithQuery(`/sites/${site.slug}/findings`, {
    environment,
    state: state === "open" ? undefined : state,
    kind,
    ...change,
  });

const sumOf = (codes: { count: number }[]): number => codes.reduce((sum, { count }) => sum + count, 0);

function filters(props: Props): Html {
  const { counts, environment, state, kind } = props;
  const isCounted = state !== "settled";
  const states = [
    { href: address(props, { state: undefined }), text: "Open", current: state === "open" },
    { href: address(props, { state: "accepted" }), text: "Accepted", current: state === "accepted" },
    { href: address(props, { state: "settled" }), text: "Settled", current: state === "settled" },
  ];
  const places = [
    {
      href: address(props, { environment: undefined }),
      text: "All environments",
      count: isCounted ? sumOf(counts.flatMap(({ codes }) => codes)) : undefined,
      current: !environment,
    },
    ...counts.map(({ slug, name, codes }) => ({
      href: address(props, { environment: slug }),
      text: html`<bdi>${name}</bdi>`,
      count: isCounted ? sumOf(codes) : undefined,
      current: slug === environment,
    })),
  ];
  const kinds = kindChips(props);
  return html`<div class="filters">${chips("States", states)}</div><div class="filters">${chips("Environments", places)}</div>${(kinds.length > 0 || kind) && html`<div class="filters">${chips("Kinds", [{ href: address(props, { kind: undefined }), text: "All kinds", current: !kind }, ...kinds])}</div>`}`;
}

/** Those that are shown with their counts; all of them where nothing is counted. */
function kindChips(props: Props) {
  const { counts, environment, state, kind, words } = props;
  const shown = counts.filter(({ slug }) => environment === undefined || slug === environment);
  const codes = Map.groupBy(
    shown.flatMap(({ codes }) => codes),
    ({ code }) => code,
  );
  const chip = (code: string, count: number | undefined) => ({
    href: address(props, { kind: code }),
    text: words[code] ?? code,
    count,
    current: code === kind,
  });
  if (state === "settled") return Object.keys(words).map((code) => chip(code, undefined));
  return [...codes].map(([code, rows]) => chip(code, sumOf(rows)));
}

const captions: Record<FindingState, string> = {
  open: "Open findings, newest first",
  accepted: "Accepted findings, newest first",
  settled: "Settled findings, latest first",
};

function list(props: Props): Html {
  const { site, now, state, findings, older, isContinued } = props;
  const zone = site.time_zone;
  const last = { open: [], accepted: ["Accepted"], settled: ["Settled"] }[state];
  const body = each(findings, (finding) =>
    row(
      html`${rowHead(html`${statusBadge(badgeOf(finding), finding.word)} ${findingSubject(site, finding)}`)}${cell("What", html`<a href="/sites/${site.slug}/findings/${finding.id}">${finding.sentence}<span class="sr"> (${finding.path || finding.server})</span></a> ${state === "open" && html`<small>${finding.advice}</small>`}`)}${cell("Server", html`${env({ name: finding.environment_name, tier: tierOf(props, finding) })} <small><bdi>${finding.server}</bdi></small><br><small>${openOnServer(finding)}</small>`)}${cell("Since", html`${time(finding.opened_at, zone, now)}<br>${changesLink(site, finding)}`)}${end(finding, zone, now)}`,
    ),
  );
  return html`${table({ caption: captions[state], columns: ["Finding", "What", "Server", "Since", ...last], body })}${pager({ previous: isContinued ? address(props, {}) : undefined, previousWord: "Newest", next: older && address(props, { before: older }), nextWord: "Older" })}`;
}

const badgeOf = ({ state }: Finding) =>
  state === "open" ? "blocked" : state === "accepted" ? "approved" : "completed";

/** By whom it was accepted and why, or how it was settled. */
function end(finding: Finding, zone: string, now: string): Html | undefined {
  const { state, accepted_at, settled_at, person, person_now, person_kind, reason } = finding;
  const accepted =
    accepted_at &&
    html`${time(accepted_at, zone, now)} <small>by ${nameOf({ person: person ?? "", person_now, kind: person_kind ?? "person" })}: <span class="quote">${reason}</span></small>`;
  if (state === "accepted") return cell("Accepted", accepted);
  if (!settled_at) return;
  return cell(
    "Settled",
    html`${time(settled_at, zone, now)} <small>${settledHow(finding)}</small>${accepted && html`<br><small>accepted</small> ${accepted}`}`,
  );
}

const tierOf = ({ counts }: Props, finding: Finding): string =>
  counts.find(({ slug }) => slug === finding.environment)?.tier ?? "other";

const visitLinks = ({ site, counts, state }: Props): Html =>
  html`<p>Visits to ${each(counts, ({ slug, name, codes }, i) => html`${i > 0 && ", "}<a href="/sites/${site.slug}/observations/${slug}"><bdi>${name}</bdi></a>${state === "open" && html` <small>(${formatCount(sumOf(codes))} found)</small>`}`)}</p>`;
