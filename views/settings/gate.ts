import type { Gate } from "../../src/access/gates.ts";
import type { GateVersion } from "../../src/record/gate-changes.ts";
import { countOf } from "../../src/text.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { area, boxes, checkbox, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { note, panel, split } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { keyField, type SettingsSite, settingsHead } from "./site.ts";

/** A gate as its form has it: numbers as they were typed. */
export type GateForm = {
  /** How many approvals of each role, by its slug. */
  counts: Record<string, string>;
  /** The names of the boxes that are ticked. */
  ticked: string[];
  soak_hours: string;
  approval_days: string;
  promotion_days: string;
  /** One per line. */
  checklist: string;
  carry_over: string;
  rollback_roles: string[];
  guest_roles: string[];
  reason: string;
  /** The version on which the change is based; 0: there was no gate. */
  version: string;
  /** What was previewed; empty before the first preview. */
  previewed: string;
  key: string;
};

export type GatePreview = {
  sentences: string[];
  /** What differs from the gate in force; empty: nothing. */
  differences: string[];
  warnings: string[];
  /** How open promotions to the environment would be affected, each as a sentence. */
  promotions: { number: number; sentence: string }[];
  /** Whether the form was changed after its preview, and sent to be set. */
  changed: boolean;
};

type Props = {
  site: SettingsSite;
  environment: { slug: string; name: string; tier: string; gate: Gate | null };
  /** The gate in force, in words, and what nobody could meet of it. */
  inForce: { sentences: string[]; warnings: string[] };
  form: GateForm;
  roles: { slug: string; name: string }[];
  carryOvers: { value: string; label: string }[];
  preview?: GatePreview | undefined;
  versions: (GateVersion & { sentences: string[] })[];
  errors: Record<string, string>;
  refused?: string | undefined;
  now: string;
};

export function gatePage(props: Props): Html {
  const { site, environment, preview, refused } = props;
  const environments = `/sites/${site.slug}/settings/environments`;
  const own = `${environments}/${environment.slug}`;
  const title = html`Gate of ${env({ name: environment.name, tier: environment.tier })}`;
  const over = [html`<a href="${environments}">Environments</a>`, html`<a href="${own}">${environment.name}</a>`];
  return html`${settingsHead(site, "/environments", title, { over, under: "What has to be met before a release can be promoted there." })}${refused && note(refused, { kind: "bad" })}${preview?.changed && note(changedSentence, { kind: "bad" })}
${split(
  html`<form class="form" method="post" action="${own}/gate">
${keyField(props.form.key)}${hiddenField("version", props.form.version)}${preview && hiddenField("previewed", props.form.previewed)}${preview && previewPart(props, preview)}${fields(props)}
<div class="end">${button({ text: preview ? "Update preview" : "Preview", look: preview ? undefined : "primary" })}</div></form>`,
  html`${inForcePanel(props)}${panel(
    "team-of-one",
    "Team of one",
    html`<p>For one person with all roles: 1 approval is enough, and the requester may give it. You see the rules before they are set.</p><p>${linkButton(`${own}/gate?preset=one`, "Team of one")}</p>`,
  )}`,
)}${versionList(props)}`;
}

const changedSentence =
  "This was changed after its preview, so the gate was not set yet. Check what it needs now, then set it.";

const sentenceList = (sentences: string[]): Html =>
  html`<ul class="plain">${each(sentences, (text) => html`<li>${text}</li>`)}</ul>`;

const inForcePanel = ({ environment: { gate }, inForce }: Props): Html =>
  panel(
    "in-force",
    "In force",
    html`${sentenceList(inForce.sentences)}${gate && html`<p><small>Version ${gate.version}</small></p>`}${each(inForce.warnings, (warning) => note(warning, { kind: "bad" }))}`,
  );

function previewPart({ site, form, errors }: Props, preview: GatePreview): Html {
  const { sentences, differences, warnings, promotions } = preview;
  const open = promotions.length
    ? html`<div><h3>Open promotions</h3><ul class="plain">${each(promotions, ({ number, sentence: text }) => html`<li>${text} <a href="/sites/${site.slug}/promotions/${number}">Open promotion ${number}</a></li>`)}</ul></div>`
    : html`<p><small>No promotion is open, so none keeps the gate in force.</small></p>`;
  const set = differences.length
    ? html`<div><h3>Changes</h3>${sentenceList(differences)}</div>${area({ name: "reason", label: "Reason", rows: 2, value: form.reason, error: errors.reason, hint: "Shown in the history." })}
<div class="end">${button({ text: "Set this gate", look: "primary", name: "do", value: "set" })}</div>`
    : html`<p>This is the gate in force. Nothing would change.</p>${hiddenField("reason", form.reason)}`;
  return html`<section aria-labelledby="preview" class="panel form"><h2 id="preview">Preview</h2>${sentenceList(sentences)}${each(warnings, (warning) => note(warning, { kind: "bad" }))}${open}${set}</section>`;
}

function fields({ form, errors, roles, carryOvers, preview }: Props): Html {
  const number = (name: "soak_hours" | "approval_days" | "promotion_days", label: string, hint: string) =>
    input({
      name,
      label,
      value: form[name],
      error: errors[name],
      hint,
      more: { inputmode: "numeric", autocomplete: "off" },
    });
  const box = (name: string, label: string, hint?: string) =>
    checkbox({ name: "ticked", value: name, label, hint, checked: form.ticked.includes(name) });
  const count = ({ slug, name }: Props["roles"][number]) =>
    input({
      name: `count_${slug}`,
      label: name,
      value: form.counts[slug],
      error: errors[`count_${slug}`],
      more: { inputmode: "numeric", autocomplete: "off" },
    });
  return html`<h2>Who approves</h2>
<fieldset class="boxes" aria-describedby="counts-hint"><legend>Approvals needed from</legend><div class="side">${each(roles, count)}</div><small id="counts-hint">How many people of each role have to approve. Empty: none. Nobody counts twice. If no approval is needed, what is recorded without a promotion is still flagged “out of band”.</small></fieldset>
${boxes(
  "Also allowed to approve",
  html`${box("asker_may_approve", "The requester of the promotion")}${box("recorders_may_approve", "People who recorded the contents", "On the previous environment.")}${box("machines_may_approve", "Machines", "With a token that has the role.")}`,
)}
${boxes(
  "Guests can be invited to approve as",
  html`${each(roles, ({ slug, name }) => checkbox({ name: "guest_roles", value: slug, label: name, checked: form.guest_roles.includes(slug) }))}<small>People without an account, such as an agency, for one promotion. A code sent to their address confirms who they are.</small>`,
  { name: "guest_roles", error: errors.guest_roles },
)}
${boxes(
  "When approving",
  html`${box("all_reviewed", "All pages must be marked as reviewed")}${box("fresh_sign_in", "A fresh sign-in is needed", "Within the last 15 minutes, with a password, a passkey or an identity provider.")}`,
)}
${select({ name: "carry_over", label: "Approvals carry over to a release based on an earlier one", value: form.carry_over, error: errors.carry_over, choices: carryOvers, hint: "Only for pages that stay the same." })}
<h2>When</h2>
<div class="side">${number("soak_hours", "Hours on the previous environment", "How long the contents must have been there. 0: no minimum.")}
${number("approval_days", "Days until an approval expires", "0: never.")}
${number("promotion_days", "Days until a promotion expires", "If it is not completed. 0: never.")}</div>
<h2>What must be checked</h2>
${boxes("Software", box("check_requirements", "The target must have the software that versions require"))}
${area({ name: "checklist", label: "Checklist", rows: 4, value: form.checklist, error: errors.checklist, hint: "One line for each thing to tick before completion. At most 20." })}
<h2>Completion</h2>
${boxes("By itself", box("completed_by_observation", "Once all pages are seen there as they were approved", "By visits to every server. Only promotions without software, and only if nothing else is blocking them."))}
<h2>Rollback</h2>
${boxes("Approval", box("rollback_needs_approval", "A rollback needs the same approvals"))}
${boxes(
  "Who may roll back",
  html`${each(roles, ({ slug, name }) => checkbox({ name: "rollback_roles", value: slug, label: name, checked: form.rollback_roles.includes(slug) }))}<small>None ticked: everyone who may complete promotions.</small>`,
  { name: "rollback_roles", error: errors.rollback_roles },
)}
${!preview && hiddenField("reason", form.reason)}`;
}

function versionList({ versions, site, now }: Props): Html | false {
  if (!versions.length) return false;
  const list = table({
    caption: countOf(versions.length, "version"),
    columns: ["Version", "Needs", "Set", "Reason"],
    body: each(versions, (one) =>
      row(
        html`${rowHead(one.version, "Version")}${cell("Needs", one.sentences.join(" "))}${cell("Set", html`${time(one.at, site.time_zone, now)} by ${nameOf(one)}`)}${cell("Reason", one.reason === null ? html`<span class="none">with the environment</span>` : html`<span class="quote">${one.reason}</span>`)}`,
      ),
    ),
  });
  return html`<h2>Versions</h2>${list}`;
}
