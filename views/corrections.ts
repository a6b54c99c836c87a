import type { Site } from "../src/access/sites.ts";
import type { Deployment } from "../src/deployments/queries.ts";
import type { Correction } from "../src/record/corrections.ts";
import type { Kind } from "../src/schema.ts";
import { formatCount } from "../src/text.ts";
import { localInput, longTime, recordedLater } from "../src/time/format.ts";
import { pathWithQuery } from "./parts/address.ts";
import { versionTag } from "./parts/artifact.ts";
import { button, hiddenField, linkButton } from "./parts/button.ts";
import { env } from "./parts/environment.ts";
import { area, boxes, checkbox, input, select } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { fold, head, note } from "./parts/page.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { fullTime, time } from "./parts/time.ts";

/** Who said that it was wrong, when and why; and that it stood, where that was said later. */
export const correctionsTold = (list: Correction[], site: Site, now: string): Html =>
  each(list, (one) => html`<br>${correctionTold(one, site, now)}`);

export function correctionTold(one: Correction, site: Site, now: string): Html {
  const right =
    one.instead !== null && html`; <a href="/sites/${site.slug}/deployments/${one.instead}">what is right</a>`;
  return html`${one.stands ? statusBadge("same", "it stood") : statusBadge("corrected", "corrected")} <span class="ago">${time(one.recorded_at, site.time_zone, now)} by ${one.person}: “${one.reason}”${right}</span>`;
}

type Target = { deployment: number; kind?: Kind | undefined; key?: string | undefined };

/** To the form for one line, or, without kind and key, for a whole deployment. */
export function correctLink(site: Site, { deployment, kind, key }: Target, wrong: boolean): Html {
  const href = pathWithQuery(`/sites/${site.slug}/corrections/new`, { deployment, kind, key });
  const of = html`<span class="sr"> what deployment ${deployment} said${key !== undefined && ` of ${key}`}</span>`;
  if (key === undefined) return linkButton(href, wrong ? "It did stand" : "Correct all of it");
  return html`<a class="ago" href="${href}">${wrong ? html`Say that it stood<span class="sr">:${of}</span>` : html`Correct${of}`}</a>`;
}

export type CorrectionForm = {
  reason: string;
  /** What is right instead: nothing that is known, a version, or that it was removed. */
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
  /** What of it is corrected; nothing: all of it. */
  line?: { kind: Kind; key: string; version: string | null } | undefined;
  /** What it said in all. */
  lines: { kind: Kind; key: string; version: string | null }[];
  /** The correction that holds now, where there is one that says it was wrong: then that is what can be taken back. */
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
    title: wrong ? "It did stand" : "Correct the record",
    lead: line ? lineWords(props, line) : wholeWords(props),
    under: toldWords(props),
  })}
${!line && fold("All that it said", html`<ul class="steps">${each(props.lines, (one) => html`<li>${one.key} ${one.version === null ? "removed" : versionTag(one.version)}</li>`)}</ul>`)}
<form class="form" method="post" action="/sites/${site.slug}/corrections">
${hiddenField("deployment", String(deployment.number))}${line && html`${hiddenField("kind", line.kind)}${hiddenField("line", line.key)}`}${wrong && hiddenField("stands", "1")}${hiddenField("key", props.form.key)}
${area({
  name: "reason",
  label: wrong ? "Why the correction was wrong" : "What was wrong, and how do you know?",
  value: props.form.reason,
  error: errors.reason,
  required: true,
  hint: "Nothing is deleted: what was recorded stays, struck through, with your name and this reason.",
})}
${line && !wrong && instead(props)}
<div class="end">${button({ text: wrong ? "Say that it stood" : "Correct the record", look: "primary" })} ${linkButton(back, "Leave it as it is", "plain")}</div>
</form>`;
}

function lineWords({ site, deployment }: CorrectionProps, line: NonNullable<CorrectionProps["line"]>): Html {
  const said = line.version === null ? html`was removed from` : html`stood in ${versionTag(line.version)} on`;
  return html`Deployment ${deployment.number} said that ${line.key} ${said} ${deployment.environment_name} from ${fullTime(deployment.effective_at, site.time_zone)} on.`;
}

const wholeWords = ({ site, deployment, lines }: CorrectionProps): Html =>
  html`All of deployment ${deployment.number} on ${deployment.environment_name}, from ${fullTime(deployment.effective_at, site.time_zone)} on: it said something of ${formatCount(lines.length)} ${lines.length === 1 ? "page or piece of software" : "pages and pieces of software"}.`;

function toldWords({ site, now, deployment, wrong }: CorrectionProps): Html {
  const later = recordedLater(deployment);
  return html`${deployment.person} told it on ${fullTime(deployment.recorded_at, site.time_zone)}${later && `, ${later}`}.${wrong && html`<br>${correctionTold(wrong, site, now)}`}`;
}

/** In one step: what is right, where it is known. */
function instead({ site, now, deployment, form, errors }: CorrectionProps): Html {
  const choice = (value: string, label: string, hint?: string) =>
    checkbox({ type: "radio", name: "right", value, label, hint, checked: form.right === value });
  const zone = site.time_zone;
  return html`${boxes(
    "What is right instead?",
    html`${choice("nothing", "Nothing to add", "It never was, or nobody knows what was.")}${choice("version", "Another version, place or time", "Fill in below.")}${choice("removed", "It was removed")}`,
    errors.instead,
  )}
${input({ name: "version", label: "Version", value: form.version, error: errors.version })}
${select({
  name: "environment",
  label: "Environment",
  value: form.environment,
  choices: site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
  error: errors.environment,
})}
${input({
  name: "when",
  label: "From when",
  type: errors.when ? "text" : "datetime-local",
  value: form.when,
  error: errors.when,
  hint: `Empty: from the same moment, ${longTime(deployment.effective_at, zone)}.`,
  more: { max: errors.when ? undefined : localInput(now, zone) },
})}`;
}
