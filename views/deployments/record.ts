import type { Site } from "../../src/access/sites.ts";
import type { ReadLine } from "../../src/deployments/parse.ts";
import type { PreviewedLine } from "../../src/deployments/queries.ts";
import { versionTag } from "../parts/artifact.ts";
import { button, hiddenField } from "../parts/button.ts";
import { area, checkbox, input, select } from "../parts/field.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { bar, fold, head, note, split } from "../parts/page.ts";
import { type StatusKind, statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";

export type RecordForm = {
  environment: string;
  /** As typed: local time of the site, or nothing for now. */
  when: string;
  note: string;
  source: string;
  complete: boolean;
  lines: string;
  /** The digest of what the preview was of; empty before it. */
  previewed: string;
  /** Makes a repeated post harmless. */
  key: string;
};

type Props = {
  site: Site;
  form: RecordForm;
  now: string;
  errors: Record<string, string>;
  bad?: (ReadLine & { wrong: string })[] | undefined;
  /** What it would change; nothing before the first look. */
  changes?: PreviewedLine[] | undefined;
  /** Whether the form was changed after its preview, and sent to be recorded. */
  changed?: boolean | undefined;
  /** What is to be known of the moment that was typed. */
  said?: string | undefined;
};

export function recordPage(props: Props): Html {
  const { site, form } = props;
  const place = site.environments.find((one) => one.slug === form.environment);
  return html`${head({ title: "Record a deployment", lead: "Tell what was put where. You see what it changes before it is recorded." })}
<form method="post" action="/sites/${site.slug}/deployments/new" enctype="multipart/form-data">
${hiddenField("key", form.key)}${props.changes && hiddenField("previewed", form.previewed)}
${split(
  html`${props.changed && note(changedSentence, { kind: "bad" })}${props.changes && previewed(props.changes, place?.name ?? "")}${props.bad && props.bad.length > 0 && badLines(props.bad)}${lines(props)}`,
  facts(props),
)}
${bar(
  html`<span class="grow">${props.changes && place?.gate && "Without its promotion this is flagged out of band."}</span>${button(
    {
      text: props.changes ? "Look again" : "Show what changes",
      look: props.changes ? undefined : "primary",
    },
  )}${props.changes && recordButton(site.slug, props.changes)}`,
)}
</form>`;
}

const changedSentence =
  "This was changed after its preview, so nothing was recorded yet. Check what it would change now, then record it.";

const recordButton = (site: string, changes: PreviewedLine[]): Html => {
  const count = changes.filter((one) => one.change !== "same").length;
  return button({
    text: count === 1 ? "Record 1 change" : `Record ${count} changes`,
    look: "primary",
    more: { formaction: `/sites/${site}/deployments` },
  });
};

const lines = ({ form, errors }: Props): Html => html`${area({
  name: "lines",
  label: "What stands there now, a line each",
  value: form.lines,
  rows: 12,
  error: errors.lines,
  hint: html`<code>page /sale v33</code>, <code>software checkout-service 3.4.1</code>, a hyphen for what was removed: <code>page /old -</code>. Or paste CSV, TSV or JSON lines.`,
  more: {
    class: "lines",
    spellcheck: "false",
    placeholder: "page /sale v33\nsoftware checkout-service 3.4.1\npage /sale/last-chance -",
  },
})}
${input({ name: "file", type: "file", label: "Or a file of such lines", error: errors.file, hint: "It takes the place of the lines above.", more: { accept: ".csv,.tsv,.txt,.json,.jsonl,.ndjson" } })}`;

const facts = ({ site, form, errors, said, now }: Props): Html => html`<div class="fields">${select({
  name: "environment",
  label: "Environment",
  value: form.environment,
  choices: site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
})}
${input({
  name: "when",
  type: "datetime-local",
  label: "When it took effect",
  value: form.when,
  error: errors.when,
  hint: said ?? `Empty: just now. Times are ${site.time_zone}.`,
  more: { max: `${now.slice(0, 4)}-12-31T23:59` },
})}
${input({ name: "note", label: "Note", value: form.note, error: errors.note, more: { maxlength: 10_000 } })}
${input({ name: "source", label: "Source", value: form.source, error: errors.source, hint: "A commit, a build, an address.", more: { maxlength: 2000 } })}
${checkbox({ name: "complete", label: "This is everything that stands there", checked: form.complete, hint: "What is not named is recorded as removed." })}</div>`;

const badLines = (bad: (ReadLine & { wrong: string })[]): Html =>
  html`<section class="bad-lines" aria-labelledby="bad"><h2 id="bad">${bad.length === 1 ? "A line to mend" : `${bad.length} lines to mend`}</h2>
${table({
  caption: "Lines that cannot be taken, and why",
  quiet: true,
  columns: ["Line", "What it says", "Why not"],
  body: each(bad.slice(0, 100), ({ number, text, wrong }) =>
    row(
      html`${rowHead(number)}${cell("Says", html`<code>${text.length > 120 ? `${text.slice(0, 120)}…` : text}</code>`)}${cell("Why not", statusBadge("rejected", wrong, { wrap: true }))}`,
    ),
  ),
})}${bad.length > 100 && note(`And ${bad.length - 100} more.`)}</section>`;

const words: Record<PreviewedLine["change"], [StatusKind, string]> = {
  new: ["added", "new"],
  changed: ["changed", "changed"],
  removed: ["removed", "removed"],
  same: ["same", "as before"],
};

function previewed(changes: PreviewedLine[], environment: string): Html {
  const different = changes.filter((one) => one.change !== "same");
  const same = changes.filter((one) => one.change === "same");
  const count = (change: PreviewedLine["change"]) => different.filter((one) => one.change === change).length;
  return html`<section id="preview" aria-labelledby="changes" tabindex="-1"${attr("data-changes", different.length)}><h2 id="changes">This would change ${environment}</h2>
<p>${count("new")} new, ${count("changed")} changed, ${count("removed")} removed, ${same.length} as before.</p>
${different.length > 0 && previewTable("What would change", different.slice(0, 500))}
${different.length > 500 && note(`And ${different.length - 500} more changes.`)}
${same.length > 0 && fold("As before", previewTable("What stays as it is", same.slice(0, 500)), { small: `${same.length} ${same.length === 1 ? "line" : "lines"}` })}</section>`;
}

const previewTable = (caption: string, changes: PreviewedLine[]): Html =>
  table({
    caption,
    quiet: true,
    columns: ["Page or software", "Stands there", "Will be", "Change"],
    body: each(changes, ({ key, version: label, before, change }) => {
      const [standing, word] = words[change];
      return row(
        html`${rowHead(key)}${cell("Stands there", versionTag(before, "not here"))}${cell("Will be", versionTag(label))}${cell("Change", statusBadge(standing, word))}`,
      );
    }),
  });
