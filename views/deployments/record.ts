import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PreviewedLine } from "../../src/deployments/queries.ts";
import type { ReadLine } from "../../src/intake/lines.ts";
import { countOf, formatCount, joinWithAnd } from "../../src/text.ts";
import { versionTag } from "../parts/artifact.ts";
import { button, hiddenField } from "../parts/button.ts";
import { area, boxes, checkbox, input, select } from "../parts/field.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { momentPicker } from "../parts/moment.ts";
import { bar, fold, head, note, split } from "../parts/page.ts";
import { noVersion } from "../parts/placement.ts";
import { type StatusKind, statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";

export type RecordForm = {
  environment: string;
  /** As typed: local time of the site, or empty for now. */
  when: string;
  note: string;
  source: string;
  complete: boolean;
  baseline: boolean;
  /** How many a complete list may remove, as confirmed in the form. */
  allow_removals?: number | undefined;
  lines: string;
  /** The digest of what was previewed; empty before the first preview. */
  previewed: string;
  /** The address of a sitemap that is to replace the lines. */
  sitemap: string;
  /** The lines are of a file that was read as Windows-1252. */
  converted: boolean;
  /** The person has checked the letters of a converted file. */
  agreed: boolean;
  /** How many lines that cannot be taken are to be left out. */
  skip: number;
  /** An idempotency key: a repeated post records nothing. */
  key: string;
};

type Props = {
  site: Site;
  form: RecordForm;
  now: string;
  errors: Record<string, string>;
  badLines?: (ReadLine & { wrong: string })[] | undefined;
  /** What it would change; undefined before the first preview. */
  changes?: PreviewedLine[] | undefined;
  /** What a complete list would remove, if that has to be confirmed. */
  removals?: { question: string; count: number } | undefined;
  /** The environments for which nothing but baselines is recorded: only there another one can be recorded. */
  unused: Environment[];
  /** Whether the form was changed after its preview, and sent to be recorded. */
  changed?: boolean | undefined;
  /** What was passed over or assumed while the lines were read. */
  notices?: string[] | undefined;
  /** How the time was interpreted, if it was ambiguous. */
  momentNote?: string | undefined;
};

export function recordPage(props: Props): Html {
  const { site, form } = props;
  const environment = site.environments.find(({ slug }) => slug === form.environment);
  return html`${head({ title: "Record a deployment", lead: "Record what was deployed where. You see the changes before they are recorded." })}
<form method="post" action="/sites/${site.slug}/deployments/new" enctype="multipart/form-data">
${hiddenField("key", form.key)}${props.changes && hiddenField("previewed", form.previewed)}
${split(
  html`${props.changed && note(changedSentence, { kind: "bad" })}${form.converted && conversion(props)}${props.removals && removalsField(props.removals, props)}${props.badLines && props.badLines.length > 0 && badLinesTable(props.badLines)}${props.notices && props.notices.length > 0 && note(props.notices.join(" "))}${props.changes && preview(props.changes, environment?.name ?? "")}${linesFields(props)}`,
  factsFields(props),
)}
${bar(
  html`<span class="grow">${props.changes && environment?.gate && !form.baseline && "No promotion covers this, so it will be flagged “out of band”."}</span>${button(
    {
      text: props.changes ? "Update preview" : "Preview changes",
      look: props.changes ? undefined : "primary",
    },
  )}${props.changes && recordButton(site.slug, props)}`,
)}
</form>`;
}

/** Asked once: an empty or much shorter list may be the result of a mistake. */
const removalsField = ({ question, count }: NonNullable<Props["removals"]>, { form, errors }: Props): Html =>
  boxes(
    "Removals",
    checkbox({
      name: "allow_removals",
      value: String(count),
      label: `Remove ${countOf(count, "page or software item", "pages and software items")} not listed here`,
      hint: question.replace(/ If that is right.*$/, ""),
      checked: form.allow_removals === count,
    }),
    {
      name: "allow_removals",
      error: errors.allow_removals && "Tick this box if that is right, or complete the list.",
    },
  );

const changedSentence =
  "This was changed after its preview, so nothing was recorded yet. Check what it would change now, then record it.";

function recordButton(site: string, { changes = [], badLines = [] }: Props): Html {
  const count = changes.filter(({ change }) => change !== "same").length;
  const all = count === 1 ? "Record 1 change" : `Record ${formatCount(count)} changes`;
  return button({
    text: badLines.length ? `Record the other ${changes.length === 1 ? "line" : countOf(changes.length, "line")}` : all,
    look: "primary",
    ...(badLines.length > 0 && { name: "skip", value: String(badLines.length) }),
    more: { formaction: `/sites/${site}/deployments` },
  });
}

/** Any bytes can be read as Windows-1252, so that a person has to check the letters. */
function conversion({ form, errors }: Props): Html {
  const line = form.lines.split("\n").find((text) => /[^\0-\x7f]/.test(text)) ?? "";
  return boxes(
    html`This file is not in UTF-8, and was read as Windows-1252`,
    html`${hiddenField("converted", "1")}<p>For example: <code>${line.length > 120 ? `${line.slice(0, 120)}…` : line}</code></p>${checkbox({ name: "agreed", label: "The letters are right", checked: form.agreed, hint: "If not, save the file in UTF-8 and upload it again." })}`,
    { name: "agreed", error: errors.agreed },
  );
}

const linesFields = ({ form, errors }: Props): Html => html`${area({
  name: "lines",
  label: "What is there now, one per line",
  value: form.lines,
  rows: 12,
  error: errors.lines,
  hint: html`<code>page /sale v33</code>, <code>software checkout-service 3.4.1</code>, a hyphen for a removal: <code>page /old -</code>. Or paste a list of paths or addresses, CSV from any program, JSON lines, or a sitemap.`,
  more: {
    class: "lines",
    spellcheck: "false",
    placeholder: "page /sale v33\nsoftware checkout-service 3.4.1\npage /sale/last-chance -",
  },
})}
${input({ name: "file", type: "file", label: "Or upload a file with such lines", error: errors.file, hint: "It replaces the lines above.", more: { accept: ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.xml,.gz" } })}
${input({ name: "sitemap", type: "url", label: "Or the address of a sitemap", value: form.sitemap, error: errors.sitemap, hint: "On a server of the environment. At most 10,000 pages; an index of sitemaps is followed.", more: { maxlength: 2000 } })}`;

const factsFields = ({ site, form, errors, momentNote, now, unused }: Props): Html => html`<div class="fields">${select(
  {
    name: "environment",
    label: "Environment",
    value: form.environment,
    choices: site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
  },
)}
${momentPicker({
  name: "when",
  label: "When it took effect",
  value: form.when,
  error: errors.when,
  note: momentNote,
  hint: `Leave empty for now. Times in ${site.time_zone}.`,
  max: `${now.slice(0, 4)}-12-31T23:59`,
})}
${input({ name: "note", label: "Note", value: form.note, error: errors.note, more: { maxlength: 10_000 } })}
${input({ name: "source", label: "Source", value: form.source, error: errors.source, hint: "A commit, build or web address.", more: { maxlength: 2000 } })}
${checkbox({ name: "complete", label: "This is the complete list", checked: form.complete, hint: "Anything not listed is recorded as removed." })}
${(form.baseline || unused.length > 0) && checkbox({ name: "baseline", label: "This is the baseline", checked: form.baseline, hint: baselineHint(site, unused) })}${errors.baseline && statusBadge("rejected", errors.baseline, { wrap: true })}</div>`;

/** What a baseline is, and where it is possible if that is not everywhere. */
function baselineHint(site: Site, unused: Environment[]): string {
  const what = "It was already there when this record began: no approval is needed, and it is not out of band.";
  if (!unused.length || unused.length === site.environments.length) return what;
  return `${what} Possible on ${joinWithAnd(unused.map(({ name }) => name))}, where nothing else is recorded.`;
}

const badLinesTable = (badLines: (ReadLine & { wrong: string })[]): Html =>
  html`<section class="bad-lines" aria-labelledby="bad"><h2 id="bad">${countOf(badLines.length, "line")} ${badLines.length === 1 ? "needs" : "need"} fixing</h2>
${table({
  caption: "Lines that need fixing",
  quiet: true,
  columns: ["Line", "Text", "Problem"],
  body: each(badLines.slice(0, 100), ({ number, text, wrong }) =>
    row(
      html`${rowHead(number, "Line")}${cell("Text", html`<code>${text.length > 120 ? `${text.slice(0, 120)}…` : text}</code>`)}${cell("Problem", statusBadge("rejected", wrong, { wrap: true }))}`,
    ),
  ),
})}${badLines.length > 100 && note(`And ${formatCount(badLines.length - 100)} more.`)}</section>`;

const badges: Record<PreviewedLine["change"], [StatusKind, string]> = {
  new: ["added", "new"],
  unknown: ["unknown", "first record"],
  changed: ["changed", "changed"],
  removed: ["removed", "removed"],
  same: ["same", "unchanged"],
};

/** The changes and what stays the same, as tables. `id` is only needed on a page with several previews. */
export function preview(changes: PreviewedLine[], environment: string, id = ""): Html {
  const different = changes.filter(({ change }) => change !== "same");
  const same = changes.filter(({ change }) => change === "same");
  const count = (change: PreviewedLine["change"]) =>
    formatCount(different.filter((line) => line.change === change).length);
  const unknown = different.some((line) => line.change === "unknown");
  return html`<section id="preview${id}" aria-labelledby="changes${id}" tabindex="-1"${attr("data-changes", different.length)}><h2 id="changes${id}">Changes to ${environment}</h2>
<p>${unknown && `${count("unknown")} recorded for the first time, `}${count("new")} new, ${count("changed")} changed, ${count("removed")} removed, ${formatCount(same.length)} unchanged.</p>
${different.length > 0 && previewTable("Changes", different.slice(0, 500))}
${different.length > 500 && note(`And ${formatCount(different.length - 500)} more changes.`)}
${same.length > 0 && fold("Unchanged", previewTable("Unchanged", same.slice(0, 500)), { small: countOf(same.length, "line") })}</section>`;
}

const previewTable = (caption: string, changes: PreviewedLine[]): Html =>
  table({
    caption,
    quiet: true,
    columns: ["Page or software", "Before", "After", "Change"],
    body: each(changes, ({ key, title, version: label, before, unknown, change }) => {
      const [status, word] = badges[change];
      return row(
        html`${rowHead(html`<bdi>${key}</bdi>${title && html` <bdi class="title">${title}</bdi>`}`)}${cell("Before", before ? versionTag(before) : noVersion({ unknown }))}${cell("After", versionTag(label))}${cell("Change", statusBadge(status, word))}`,
      );
    }),
  });
