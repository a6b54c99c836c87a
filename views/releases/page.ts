import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Eligibility } from "../../src/promotions/eligibility.ts";
import type { RequestField, RequestFieldName } from "../../src/promotions/fields.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { CurrentPlacement } from "../../src/record/current.ts";
import type { Release, ReleaseContent } from "../../src/record/releases.ts";
import { joinWithAnd } from "../../src/text.ts";
import { artifactLink, digest, versionTag } from "../parts/artifact.ts";
import { button, hiddenField } from "../parts/button.ts";
import { env, environmentPath } from "../parts/environment.ts";
import { area, boxes, checkbox } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { facts, head, note, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { holds, stateWords } from "../promotions/words.ts";

type Page = {
  site: Site;
  release: Release;
  /** The lines on this part of the list, and how many of all are pages. */
  contents: ReleaseContent[];
  size: number;
  pages: number;
  held: { environment: Environment; now: Map<string, CurrentPlacement> }[];
  promotions: Promotion[];
  /** Where it could go; empty for those who may not ask. */
  ways: Eligibility[];
  previous?: string | undefined;
  next?: string | undefined;
  form: { to: string; key: string } & Record<RequestFieldName, string>;
  /** What can be written with a request for promotion. */
  fields: [RequestFieldName, RequestField][];
  errors: Record<string, string>;
  refused?: string | undefined;
  /** Which of it was recorded wrongly where it was frozen, by artifact. */
  rested: Map<string, { person: string; on: string; reason: string }>;
  now: string;
};

export function releasePage(props: Page): Html {
  const { site, release, pages, now } = props;
  const from = site.environments.find((one) => one.slug === release.environment);
  const at = time(release.created_at, site.time_zone, now);
  return html`${props.refused && note(props.refused, { kind: "bad" })}${head({
    over: [html`<a href="/sites/${site.slug}/releases">Releases</a>`, `Release ${release.number}`],
    title: release.name,
    lead: html`${holds({ page: pages, software: props.size - pages })}, frozen as ${from ? env(from) : release.environment} held them on ${at}.`,
    under: release.notes && html`<span class="quote">${release.notes}</span>`,
  })}
${split(contents(props), html`${travelled(props)}${props.ways.length > 0 && asking(props)}${about(props, at)}`)}`;
}

function contents(props: Page): Html {
  const { contents, held } = props;
  const columns = ["Page or software", "Version", ...held.map(({ environment }) => env(environment))];
  const of = (kind: string, heading: string) => {
    const rows = contents.filter((one) => one.kind === kind);
    return (
      rows.length > 0 &&
      group(
        heading,
        columns.length,
        each(rows, (one) => line(props, one)),
      )
    );
  };
  return html`${table({
    caption: "What it holds, and where that stands now",
    look: "flow",
    columns,
    body: html`${of("page", "Pages")}${of("software", "Software")}`,
  })}${pager({ previous: props.previous, next: props.next, previousWord: "Lines before", nextWord: "More lines" })}`;
}

function line({ site, held, rested }: Page, one: ReleaseContent): Html {
  const wrong = rested.get(one.artifact_id);
  return row(
    html`${rowHead(artifactLink(site.slug, one))}${cell("Version", html`${versionTag(one.version, "its removal")}${wrong && html`<br>${statusBadge("corrected", "corrected")} <span class="ago">on ${wrong.on} by ${wrong.person}: “${wrong.reason}”</span>`}`)}${each(held, ({ environment, now }) => cell(environment.name, place(one, now.get(one.artifact_id))))}`,
  );
}

function place(content: ReleaseContent, stands: CurrentPlacement | undefined): Html {
  if (!stands) return html`<span class="none">not there</span>`;
  if (stands.version_id === content.version_id) return statusBadge("same", content.version_id ? "there" : "removed");
  return versionTag(stands.version);
}

function travelled({ site, promotions, now }: Page): Html {
  if (promotions.length === 0)
    return panel("travelled", "Its way", html`<p><small>Nobody has asked for its promotion yet.</small></p>`);
  const step = (one: Promotion) =>
    html`<li>${environmentPath(one.from, one.environment)}${statusBadge(one.state, stateWords(one), { href: `/sites/${site.slug}/promotions/${one.number}` })}<small>Promotion ${one.number}, ${when(one, site, now)}</small></li>`;
  return panel("travelled", "Its way", html`<ol class="steps">${each(promotions, step)}</ol>`);
}

function when(one: Promotion, site: Site, now: string): Html {
  const at = (iso: string) => time(iso, site.time_zone, now);
  if (one.completion) return html`there since ${at(one.completion.effective_at)}`;
  return html`asked for by ${one.asked_by}, ${at(one.asked_at)}`;
}

function asking({ site, release, ways, form, fields, errors }: Page): Html {
  const possible = ways.filter((one) => !one.why);
  const wanted = possible.find((one) => one.environment.slug === form.to) ?? possible[0];
  const choice = (one: Eligibility) =>
    checkbox({
      type: "radio",
      name: "to",
      value: one.environment.slug,
      label: env(one.environment),
      hint: html`${each(sentences(one), (sentence) => html`<span class="line">${sentence}</span>`)}`,
      checked: one === wanted,
      more: { disabled: Boolean(one.why) },
    });
  return panel(
    "ask",
    "Ask for promotion to",
    html`<form class="form" method="post" action="/sites/${site.slug}/promotions">
${hiddenField("release", String(release.number))}${hiddenField("key", form.key)}
${boxes(html`<span class="sr">To which environment</span>`, each(ways, choice))}
${each(fields, ([name, { label, hint, rows }]) => area({ name, label, hint, rows, value: form[name], error: errors[name] }))}
<div class="end">${button({ text: "Ask for promotion", look: "primary", because: wanted ? undefined : "nowhere" })}${!wanted && html`<p class="reason" id="nowhere">There is nothing to ask for now.</p>`}</div>
</form>`,
  );
}

/** What asking leads to: whom the gate asks, and what blocks it as things stand. */
function sentences({ why, requirements, blockers }: Eligibility): string[] {
  if (why) return [why.message];
  const roles = requirements.map(({ name, needed }) => (needed === 1 ? name : `${needed} of ${name}`));
  const blocked = blockers.filter((one) => one.code !== "approvals_missing").map((one) => one.message);
  const asks = roles.length ? `Its gate asks ${joinWithAnd(roles)}.` : "It has no gate.";
  return [asks, ...(blocked.length ? ["Asked for now, it could not be completed:", ...blocked] : [])];
}

const about = ({ release, site }: Page, at: Html): Html =>
  panel(
    "about",
    "About",
    facts([
      ["Made by", html`${release.person}, ${at}`],
      ["Made from", html`<a href="/sites/${site.slug}/environments/${release.environment}">${release.environment}</a>`],
      ["Digest", digest(release.digest)],
    ]),
  );
