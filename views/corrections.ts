import type { Site } from "../src/access/sites.ts";
import type { Deployment } from "../src/deployments/queries.ts";
import type { Correction } from "../src/record/corrections.ts";
import type { Kind } from "../src/schema.ts";
import { countOf } from "../src/text.ts";
import { localInput, longTime, recordedLater } from "../src/time/format.ts";
import { pathWithQuery } from "./parts/address.ts";
import { versionTag } from "./parts/artifact.ts";
import { button, hiddenField, linkButton } from "./parts/button.ts";
import { env } from "./parts/environment.ts";
import { area, boxes, checkbox, input, select } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { momentPicker } from "./parts/moment.ts";
import { fold, head, note } from "./parts/page.ts";
import { nameOf } from "./parts/people.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { fullTime, time } from "./parts/time.ts";

export const correctionNotes = (corrections: Correction[], site: Site, now: string): Html =>
  each(corrections, (correction) => html`<br>${correctionNote(correction, site, now)}`);

/** Who corrected it or undid a correction, when, why, and a link to what is right. */
export function correctionNote(correction: Correction, site: Site, now: string): Html {
  const { instead, stands, recorded_at, reason } = correction;
  const right = instead !== null && html`; <a href="/sites/${site.slug}/deployments/${instead}">what is right</a>`;
  return html`${stands ? statusBadge("same", "correction undone") : statusBadge("corrected", "corrected")} <span class="ago">${time(recorded_at, site.time_zone, now)} by ${nameOf({ ...correction, kind: correction.person_kind })}: “${reason}”${right}</span>`;
}

type Target = { deployment: number; kind?: Kind | undefined; key?: string | undefined };

/** A link to the form for one line, or, without kind and key, for a whole deployment. */
export function correctLink(site: Site, { deployment, kind, key }: Target, wrong: boolean): Html {
  const href = pathWithQuery(`/sites/${site.slug}/corrections/new`, { deployment, kind, key });
  if (key === undefined) return linkButton(href, wrong ? "Undo correction" : "Mark as wrong");
  return html`<a class="ago" href="${href}">${wrong ? "Undo correction" : "Correct"}<span class="sr">${wrong && " of"} ${key} in deployment ${deployment}</span></a>`;
}

export type CorrectionForm = {
  reason: string;
  /** What is right instead: `nothing` to record, a `version`, or that it was `removed`. */
  right: string;
  version: string;
  environment: string;
  when: string;
  key: string;
};

export type CorrectionProps = {
  site: Site;
  now: string;
  deployment: Deployment;
  /** The line to correct; undefined for the whole deployment. */
  line?: { kind: Kind; key: string; version: string | null } | undefined;
  /** The first lines of the deployment, and how many it has. */
  lines: { kind: Kind; key: string; version: string | null }[];
  lineCount: number;
  /** The correction that applies now: then the form is the one to undo it. */
  wrong?: Correction | undefined;
  form: CorrectionForm;
  errors: Record<string, string>;
  refused?: string | undefined;
};

export function correctionPage(props: CorrectionProps): Html {
  const { site, deployment, line, wrong, errors, refused } = props;
  const back = line
    ? pathWithQuery(`/sites/${site.slug}/artifacts/${line.kind}`, { key: line.key })
    : `/sites/${site.slug}/deployments/${deployment.number}`;
  return html`${refused && note(refused, { kind: "bad" })}${head({
    over: [
      env({ name: deployment.environment_name, tier: deployment.tier }),
      html`<a href="/sites/${site.slug}/deployments/${deployment.number}">Deployment ${deployment.number}</a>`,
    ],
    title: wrong ? "Undo correction" : "Correct the record",
    lead: line ? lineSentence(props, line) : wholeSentence(props),
    under: recordedSentence(props),
  })}
${!line && fold("Details", html`<ul class="steps">${each(props.lines, ({ key, version }) => html`<li><bdi>${key}</bdi> ${version === null ? "removed" : versionTag(version)}</li>`)}</ul>${props.lineCount > props.lines.length && note(`And ${countOf(props.lineCount - props.lines.length, "more line")}.`)}`)}
<form class="form" method="post" action="/sites/${site.slug}/corrections">
${hiddenField("deployment", String(deployment.number))}${line && html`${hiddenField("kind", line.kind)}${hiddenField("line", line.key)}`}${wrong && hiddenField("stands", "1")}${hiddenField("key", props.form.key)}
${area({
  name: "reason",
  label: wrong ? "Why the correction was wrong" : "What was wrong, and how do you know?",
  value: props.form.reason,
  error: errors.reason,
  required: true,
  hint: "Nothing is deleted. What was recorded stays visible, struck through, with your name and this reason.",
})}
${line && !wrong && insteadFields(props)}
<div class="end">${button({ text: wrong ? "Undo correction" : line ? "Correct the record" : "Mark as wrong", look: "primary" })} ${linkButton(back, "Cancel", "plain")}</div>
</form>`;
}

function lineSentence({ site, deployment }: CorrectionProps, line: NonNullable<CorrectionProps["line"]>): Html {
  const [name, at] = [deployment.environment_name, fullTime(deployment.effective_at, site.time_zone)];
  const what =
    line.version === null
      ? html`as removed from ${name} on ${at}`
      : html`${versionTag(line.version)} on ${name} from ${at}`;
  return html`Deployment ${deployment.number} recorded ${line.key} ${what}.`;
}

const wholeSentence = ({ site, deployment, lineCount }: CorrectionProps): Html =>
  html`The whole of deployment ${deployment.number}: ${countOf(lineCount, "line")} on ${deployment.environment_name} from ${fullTime(deployment.effective_at, site.time_zone)}.`;

function recordedSentence({ site, now, deployment, wrong }: CorrectionProps): Html {
  const later = recordedLater(deployment);
  return html`Recorded by ${nameOf(deployment)} on ${fullTime(deployment.recorded_at, site.time_zone)}${later && `, ${later}`}.${wrong && html`<br>${correctionNote(wrong, site, now)}`}`;
}

/** What is right, recorded in the same step. */
function insteadFields({ site, now, deployment, form, errors }: CorrectionProps): Html {
  const choice = (value: string, label: string, hint?: string) =>
    checkbox({ type: "radio", name: "right", value, label, hint, checked: form.right === value });
  const zone = site.time_zone;
  return html`${boxes(
    "What is right instead?",
    html`${choice("nothing", "Nothing to add", "It never happened, or it is unknown.")}${choice("version", "Another version, environment or time", "Fill in below.")}${choice("removed", "It was removed")}`,
    { name: "instead", error: errors.instead },
  )}
${input({ name: "version", label: "Version", value: form.version, error: errors.version })}
${select({
  name: "environment",
  label: "Environment",
  value: form.environment,
  choices: site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
  error: errors.environment,
})}
${momentPicker({
  name: "when",
  label: "Since",
  value: form.when,
  error: errors.when,
  hint: `If empty: the same moment, ${longTime(deployment.effective_at, zone)}.`,
  max: localInput(now, zone),
})}`;
}
