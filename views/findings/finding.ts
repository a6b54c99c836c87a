import type { Environment } from "../../src/access/environments.ts";
import type { Finding } from "../../src/findings/queries.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, serverAddress } from "../parts/artifact.ts";
import { button, hiddenField, postButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { area, input } from "../parts/field.ts";
import { classes, type Html, html } from "../parts/html.ts";
import { facts, head, note, panel, split } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time, timeWithAgo } from "../parts/time.ts";

export type FindingProps = {
  site: { slug: string; time_zone: string };
  now: string;
  environment: Environment;
  finding: Finding;
  /** Whether this person may do something about it, and there is something to do. */
  mayAct: boolean;
  /** Whether recording what was found settles it. */
  isRecordable: boolean;
  /** The version as which it would be recorded if nothing better is known. */
  label: string | null;
  /** Of its forms. */
  key: string;
  typed?: { reason?: string; version?: string };
  errors?: Record<string, string>;
  /** Why nothing was done. */
  refused?: string | undefined;
};

/** What a finding is about: the page or software item with a link to its history, or the server. */
export const findingSubject = (site: { slug: string }, { path, server }: Pick<Finding, "path" | "server">): Html =>
  path
    ? artifactLink(site.slug, { kind: path.startsWith("/") ? "page" : "software", key: path })
    : html`server <bdi>${server}</bdi>`;

/** A link to what the server shows. */
export const openOnServer = ({ path, base_url, environment_name }: Finding, look?: "button"): Html => {
  const page = path.startsWith("/") ? path : undefined;
  const href = page ? serverAddress(base_url, page) : base_url;
  return html`<a${classes(look)} href="${href}">Open on ${environment_name}${page && html`<span class="sr">: ${page}</span>`}</a>`;
};

/** A link to what changed on the page there. */
export const changesLink = (site: { slug: string }, { path, environment, server }: Finding): Html | false =>
  path.startsWith("/") &&
  html`<a href="${pathWithQuery(`/sites/${site.slug}/observations/${environment}/page`, { path, server })}">What changed<span class="sr"> on ${path}</span></a>`;

export function findingPage(props: FindingProps): Html {
  const { site, environment, finding, refused, mayAct } = props;
  return html`${refused && note(refused, { kind: "bad" })}${head({
    over: [
      html`<a href="/sites/${site.slug}/findings">Findings</a>`,
      html`<a href="/sites/${site.slug}/environments/${environment.slug}">${env(environment)}</a>`,
    ],
    title: html`${finding.word.charAt(0).toUpperCase()}${finding.word.slice(1)}: ${findingSubject(site, finding)}`,
    lead: finding.sentence,
    under: finding.state === "settled" ? undefined : finding.advice,
    actions: openOnServer(finding, "button"),
  })}
${split(about(props), mayAct && html`${recordPanel(props)}${acceptPanel(props)}`)}`;
}

function about({ site, now, finding }: FindingProps): Html {
  const { opened_at, accepted_at, reason, server } = finding;
  const zone = site.time_zone;
  const by = { person: finding.person ?? "", person_now: finding.person_now, kind: finding.person_kind ?? "person" };
  return facts([
    ["State", stateBadge(finding)],
    ["Server", html`<bdi>${server}</bdi>`],
    ["Page", changesLink(site, finding)],
    ["Found", timeWithAgo(opened_at, zone, now)],
    ["Accepted", accepted_at && html`${time(accepted_at, zone, now)} by ${nameOf(by)}`],
    ["Reason", reason && html`<span class="quote">${reason}</span>`],
    ["Settled", finding.settled_at && html`${time(finding.settled_at, zone, now)}, ${settledHow(finding)}`],
  ]);
}

const stateBadge = ({ state }: Finding): Html =>
  state === "open"
    ? statusBadge("blocked", "open")
    : statusBadge(state === "accepted" ? "approved" : "completed", state);

/** "by a visit that no longer found it" */
export function settledHow({ settled_how }: Finding): string {
  if (settled_how === "recorded") return "by recording what was found";
  return settled_how === "changed" ? "as something else was found" : "by a visit that no longer found it";
}

const isHotfix = ({ code }: Finding): boolean => code === "drifted" || code === "not_as_approved";

function recordPanel(props: FindingProps): Html | false {
  const { site, environment, finding, isRecordable, label, key, typed, errors } = props;
  if (!isRecordable) return false;
  const version =
    finding.code !== "missing" &&
    input({
      name: "version",
      label: "Version",
      value: typed?.version,
      error: errors?.version,
      hint: html`Leave it empty for the version with this content if it is known, or ${label}.`,
    });
  const what = finding.code === "missing" ? "its removal" : "a deployment of what is there";
  return panel(
    "record",
    isHotfix(finding) ? "It is a hotfix: record it" : "It is right: record it",
    html`<p>Records ${what} on ${environment.name}, since it was first seen, and settles this finding.</p>
<form class="form" method="post" action="/sites/${site.slug}/findings/${finding.id}/deployment">${hiddenField("key", key)}
${version}<div class="end">${button({ text: finding.code === "missing" ? "Record the removal" : "Record it", look: "primary" })}</div></form>`,
  );
}

function acceptPanel({ site, finding, key, typed, errors }: FindingProps): Html {
  const action = `/sites/${site.slug}/findings/${finding.id}/acceptance`;
  if (finding.state === "accepted")
    return panel(
      "accept",
      "Accepted",
      html`<p>It is opened again when a visit finds something else.</p>${postButton(`${action}/undo`, { text: "Undo" }, { key })}`,
    );
  return panel(
    "accept",
    "Accept it",
    html`<p>It is no longer listed as open, until something changes.</p>
<form class="form" method="post" action="${action}">${hiddenField("key", key)}
${area({ name: "reason", label: "Reason", rows: 2, value: typed?.reason, error: errors?.reason })}
<div class="end">${button({ text: "Accept" })}</div></form>`,
  );
}
