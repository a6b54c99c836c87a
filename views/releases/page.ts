import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Eligibility } from "../../src/promotions/eligibility.ts";
import type { RequestField, RequestFieldName } from "../../src/promotions/fields.ts";
import type { OpenBlockers } from "../../src/promotions/open-blockers.ts";
import type { Rejection } from "../../src/promotions/page-comments.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { PlanForm } from "../../src/promotions/schedule-form.ts";
import type { CurrentPlacement } from "../../src/record/current.ts";
import type { Release, ReleaseContent } from "../../src/record/releases.ts";
import { inPart, joinWithAnd, nameWithKind } from "../../src/text.ts";
import { artifactLink, digest, versionTag } from "../parts/artifact.ts";
import { button, confirmButton, hiddenField } from "../parts/button.ts";
import { type EnvironmentName, env, environmentPath, renamedSince } from "../parts/environment.ts";
import { area, boxes, checkbox } from "../parts/field.ts";
import { followButton } from "../parts/follow.ts";
import { each, type Html, html } from "../parts/html.ts";
import { facts, head, note, panel, split } from "../parts/page.ts";
import { nameOf, nowCalled, requester } from "../parts/people.ts";
import { noVersion } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, pager, row, rowHead, withEnvironments } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { newReleaseFrom, rejectionsPanel } from "../promotions/requested-changes.ts";
import { planFold } from "../promotions/schedule.ts";
import { sizeInWords } from "../promotions/words.ts";
import { promotionBadge } from "./promotion-badge.ts";

type Page = {
  site: Site;
  release: Release;
  /** The lines on this part of the list; how many there are in all, and how many of these are pages. */
  contents: ReleaseContent[];
  size: number;
  pages: number;
  /** What each environment has of these lines now, by artifact id. */
  environments: { environment: Environment; current: Map<string, CurrentPlacement> }[];
  /** Whether what each of them has is unknown, by artifact id. */
  unknown: Map<string, boolean[]>;
  promotions: Promotion[];
  /** What its rejections ask to be changed. */
  rejected: Rejection[];
  may: Permitted;
  /** What blocks the open ones besides missing approvals, by promotion id. */
  blockers: OpenBlockers;
  /** Where it could be promoted to; empty for people who may not request it. */
  targets: Eligibility[];
  previous?: string | undefined;
  next?: string | undefined;
  form: { to: string; key: string; plan: PlanForm } & Record<RequestFieldName, string>;
  /** What can be written with a request for promotion. */
  fields: [RequestFieldName, RequestField][];
  errors: Record<string, string>;
  refused?: string | undefined;
  mark?: { reason: string; error?: string | undefined } | undefined;
  /** Whether this person may mark it as bad, and lift the mark. */
  mayMark: boolean;
  /** Corrections of its lines in the environment from which they were frozen, by artifact id. */
  corrected: Map<string, { person: string; person_kind: "person" | "machine"; on: string; reason: string }>;
  now: string;
};

export function releasePage(props: Page): Html {
  const { site, release, pages, now } = props;
  const from = frozenFrom(props);
  const at = time(release.created_at, site.time_zone, now);
  return html`${props.refused && note(props.refused, { kind: "bad" })}${head({
    over: [html`<a href="/sites/${site.slug}/releases">Releases</a>`, `Release ${release.number}`],
    title: html`<bdi>${release.name}</bdi>`,
    lead: html`${sizeInWords({ page: pages, software: props.size - pages })}, ${frozen(props, from)} on ${at}.`,
    under: release.notes && html`<span class="quote">${release.notes}</span>`,
    actions: followButton(site, {
      subject: "campaign",
      name: String(release.number),
      back: `/sites/${site.slug}/releases/${release.number}`,
    }),
  })}
${split(contents(props), html`${badMark(props)}${rejectionsPanel(site, props.rejected, props.may.release && newReleaseFrom(site, release.number))}${progress(props)}${props.targets.length > 0 && request(props)}${about(props, at)}`)}`;
}

/** Its mark as bad, with the form that lifts it; or the form that marks it. */
function badMark({ site, release, mayMark, mark, form, now }: Page): Html | false {
  const { bad, number } = release;
  if (!bad && !mayMark) return false;
  const address = `/sites/${site.slug}/releases/${number}/bad`;
  const ask = (opener: string, question: string, action: string, look?: "danger") =>
    mayMark &&
    confirmButton(opener, question, {
      action,
      text: opener,
      look,
      open: mark !== undefined,
      content: html`${hiddenField("key", form.key)}${area({ name: "reason", id: "mark-reason", label: "Reason", rows: 2, value: mark?.reason, error: mark?.error })}`,
    });
  if (!bad)
    return panel(
      "bad",
      "Problems",
      ask("Mark as bad", "Nobody can promote this release any further until the mark is lifted.", address, "danger"),
    );
  return panel(
    "bad",
    "Marked as bad",
    html`<p>${statusBadge("blocked", html`by ${nameOf(bad)}, ${time(bad.marked_at, site.time_zone, now)}`, { wrap: true })} <span class="quote">${bad.reason}</span></p><p><small>It cannot be promoted until the mark is lifted.</small></p>${ask("Lift the mark", "The release can be promoted again. The mark stays in the history.", `${address}/lift`)}`,
  );
}

/** As they were on an environment, or before a promotion that it rolls back. */
function frozen({ site, size, release }: Page, from: EnvironmentName): Html {
  const were = size === 1 ? "it was" : "they were";
  const on = html`${env(from)}${nowCalled(release.environment_now)}`;
  if (release.take_down_of)
    return html`as the take-down of <a href="/sites/${site.slug}/promotions/${release.take_down_of}">promotion ${release.take_down_of}</a> leaves ${on}, frozen`;
  if (!release.rollback_of) return html`frozen as ${were} on ${on}`;
  const { rollback_of } = release;
  return html`as ${were} on ${on} before <a href="/sites/${site.slug}/promotions/${rollback_of}">promotion ${rollback_of}</a>, frozen for its rollback${inPart(release.rollback_in_part)}`;
}

/** The environment from which it was frozen, with its name of then. */
const frozenFrom = ({ release }: Page): EnvironmentName => ({
  name: release.environment_name,
  tier: release.environment_tier,
});

function contents(props: Page): Html {
  const { contents, environments } = props;
  const columns = ["Page or software", "Version", ...environments.map(({ environment }) => env(environment))];
  const ofKind = (kind: string, heading: string) => {
    const rows = contents.filter((content) => content.kind === kind);
    return (
      rows.length > 0 &&
      group(
        heading,
        columns.length,
        each(rows, (content) => line(props, content)),
      )
    );
  };
  return html`${withEnvironments(environments.length, {
    caption: "Contents, and what each environment has now",
    look: "flow",
    columns,
    groups: html`${ofKind("page", "Pages")}${ofKind("software", "Software")}`,
  })}${pager({ previous: props.previous, next: props.next, previousWord: "Previous lines", nextWord: "More lines" })}`;
}

function line({ site, environments, corrected, unknown }: Page, content: ReleaseContent): Html {
  const correction = corrected.get(content.artifact_id);
  const unknowns = unknown.get(content.artifact_id);
  return row(
    html`${rowHead(artifactLink(site.slug, content))}${cell("Version", html`${versionTag(content.version, "removal")}${content.redirect && html` <span class="ago">visitors are led to <bdi>${content.redirect}</bdi></span>`}${correction && html`<br>${statusBadge("corrected", "corrected")} <span class="ago">on ${correction.on} by ${nameOf({ ...correction, kind: correction.person_kind })}: “${correction.reason}”</span>`}`)}${each(environments, ({ environment, current }, i) => cell(environment.name, compared(content, current.get(content.artifact_id), unknowns?.[i] ?? false)))}`,
  );
}

function compared(content: ReleaseContent, current: CurrentPlacement | undefined, unknown: boolean): Html {
  if (!current) return noVersion({ unknown });
  if (current.version_id === content.version_id) return statusBadge("same", content.version_id ? "same" : "removed");
  return versionTag(current.version);
}

function progress({ site, promotions, blockers, now }: Page): Html {
  if (promotions.length === 0)
    return panel("progress", "Progress", html`<p><small>No promotion requested yet.</small></p>`);
  const step = (promotion: Promotion) =>
    html`<li>${environmentPath(promotion.from, promotion.environment)}${promotionBadge(site, promotion, blockers)}<small>Promotion ${promotion.number}, ${when(promotion, site, now)}${each(renamedSince(promotion), (words) => html`; ${words}`)}</small></li>`;
  return panel("progress", "Progress", html`<ol class="steps">${each(promotions, step)}</ol>`);
}

function when(promotion: Promotion, site: Site, now: string): Html {
  const { environment, completion, asked_at } = promotion;
  const at = (iso: string) => time(iso, site.time_zone, now);
  if (completion) return html`went to <bdi>${environment.name}</bdi> ${at(completion.effective_at)}`;
  return html`requested by ${nameOf(requester(promotion))}, ${at(asked_at)}`;
}

function request({ site, release, targets, form, fields, errors }: Page): Html {
  const possible = targets.filter((target) => !target.whyNot);
  const selected = possible.find(({ environment }) => environment.slug === form.to) ?? possible[0];
  const choice = (target: Eligibility) =>
    checkbox({
      type: "radio",
      name: "to",
      value: target.environment.slug,
      label: env(target.environment),
      hint: html`${each(sentences(target), (sentence) => html`<span class="line">${sentence}</span>`)}`,
      checked: target === selected,
      more: { disabled: Boolean(target.whyNot) },
    });
  return panel(
    "ask",
    "Request promotion to",
    html`<form class="form" method="post" action="/sites/${site.slug}/promotions">
${hiddenField("release", String(release.number))}${hiddenField("key", form.key)}
${boxes(html`<span class="sr">Environment</span>`, each(targets, choice))}
${each(fields, ([name, { label, hint, rows }]) => area({ name, label, hint, rows, value: form[name], error: errors[name] }))}
${planFold(site, form.plan, errors)}<div class="end">${button({ text: "Request promotion", look: "primary", because: selected ? undefined : "nowhere" })}${!selected && html`<p class="reason" id="nowhere">No promotion can be requested now.</p>`}</div>
</form>`,
  );
}

/** What a request leads to: the approvals it needs, and what blocks it now besides those. */
function sentences({ whyNot, requirements, nobody, blockers }: Eligibility): string[] {
  if (whyNot) return [whyNot.message];
  const roles = requirements.map(({ name, needed }) => (needed === 1 ? name : `${name} (${needed} people)`));
  const needs = roles.length ? `Needs approval by ${joinWithAnd(roles)}.` : "No approval needed.";
  const who = requirements.flatMap(({ name, people = [] }) =>
    people.length ? [`${name}: ${people.map(nameWithKind).join(", ")}.`] : [],
  );
  const blocked = blockers.filter(({ code }) => code !== "approvals_missing").map(({ message }) => message);
  return [needs, ...who, ...nobody, ...(blocked.length ? ["Can’t be completed yet:", ...blocked] : [])];
}

const about = ({ release, site }: Page, at: Html): Html =>
  panel(
    "about",
    "About",
    facts([
      ["Created by", html`${nameOf({ ...release, kind: release.person_kind })}, ${at}`],
      [
        "Created from",
        html`<a href="/sites/${site.slug}/environments/${release.environment}"><bdi>${release.environment_name}</bdi></a>${nowCalled(release.environment_now)}`,
      ],
      [
        "Based on",
        release.made_from !== null &&
          html`<a href="/sites/${site.slug}/releases/${release.made_from}">${release.made_from}, <bdi>${release.made_from_name}</bdi></a>`,
      ],
      ["Digest", digest(release.digest)],
    ]),
  );
