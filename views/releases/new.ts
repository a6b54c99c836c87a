import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Candidate, Candidates } from "../../src/releases/candidates.ts";
import { countOf } from "../../src/text.ts";
import { versionTag } from "../parts/artifact.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { area, input } from "../parts/field.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { bar, empty, head, note } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, rowHead, table } from "../parts/table.ts";

type Props = Candidates & {
  site: Site;
  from: Environment;
  /** What it is meant for; nothing where the line ends. */
  to: Environment | undefined;
  name: string;
  notes: string;
  key: string;
  /** By field, or by `kind key` of a line. */
  errors: Record<string, string>;
};

export function releaseNewPage(props: Props): Html {
  const { site, from, to, rows, key } = props;
  const title = head({
    over: [html`<a href="/sites/${site.slug}/releases">Releases</a>`],
    title: "Make a release",
    lead: html`It freezes exactly these versions and removals, as ${env(from)} holds them now.`,
  });
  if (rows.length === 0) return html`${title}${nothing(props)}`;
  const chosen = rows.filter((one) => one.chosen);
  const left = rows.filter((one) => !one.chosen);
  return html`${title}${refused(props)}
<form class="choosing releasing" method="post" action="/sites/${site.slug}/releases">
${hiddenField("key", key)}${hiddenField("from", from.slug)}${to && hiddenField("to", to.slug)}
<div class="form">${input({
    name: "name",
    label: "Name",
    value: props.name,
    required: true,
    error: props.errors.name,
    hint: "What it is for, such as “Black Friday, first week”. Whoever approves reads it first.",
    more: { maxlength: 200 },
  })}${area({ name: "notes", label: "Notes", rows: 2, value: props.notes, error: props.errors.notes, hint: "Optional." })}</div>
${table({
  caption: "Lines of the release",
  look: "picking",
  quiet: true,
  columns: [
    html`<span class="sr">In it</span>`,
    "Page or software",
    `On ${from.name}`,
    ...(to ? [`On ${to.name} now`] : []),
  ],
  body: html`${lines(props, "Goes into the release", chosen)}${lines(props, "Stays behind", left, to && `also differs from ${to.name}`)}`,
})}
${bar(html`<p class="grow"><b class="chosen"></b> <b>of ${rows.length}</b> lines go into it</p>${button({ text: "Make the release", look: "primary" })}`)}
</form>`;
}

function refused({ errors, rows, unknown, from }: Props): Html {
  const shown = new Set(["name", "notes", ...rows.map((one) => `${one.kind} ${one.key}`)]);
  const others = Object.entries(errors).filter(([path]) => !shown.has(path));
  const moved = Object.keys(errors).filter((path) => shown.has(path) && path.includes(" ")).length;
  return html`${each(others, ([, message]) => note(message, { kind: "bad" }))}${
    moved > 0 &&
    note(
      `Nothing was made: ${from.name} has moved on in ${countOf(moved, "line")} since you looked. What it holds now is shown; make it again if that is right.`,
      { kind: "bad" },
    )
  }${unknown > 0 && note(`Left out: ${countOf(unknown, "chosen row")} of which nothing was ever recorded on ${from.name}.`)}`;
}

function nothing({ site, from, to }: Props): Html {
  const sentence = to
    ? `${from.name} has nothing that ${to.name} has not: there is nothing to release.`
    : `${from.name} is the last of the line: nothing goes further from there.`;
  return empty(sentence, linkButton(`/sites/${site.slug}`, "To the board"));
}

function lines(props: Props, heading: string, rows: Candidate[], small?: string): Html {
  if (rows.length === 0) return html``;
  return group(
    heading,
    props.to ? 4 : 3,
    each(rows, (one) => line(props, one)),
    small ?? countOf(rows.length, "line"),
  );
}

function line({ from, to, errors }: Props, one: Candidate): Html {
  const wrong = errors[`${one.kind} ${one.key}`];
  const value = [one.kind, one.key, one.version].filter((part) => part !== null).join(" ");
  return html`<tr${attr("class", wrong && "bad")}><td class="pick"><label class="tick"><input type="checkbox" name="line" value="${value}"${attr("checked", one.chosen)}><span class="sr">${one.key}</span></label></td>${rowHead(
    html`${one.title ?? one.key}${one.title && html` <span class="path">${one.key}</span>`}`,
  )}${cell(`On ${from.name}`, html`${versionTag(one.version)}${wrong && statusBadge("rejected", wrong, { wrap: true })}`)}${
    to && cell(`On ${to.name} now`, there(one))
  }</tr>
`;
}

function there(one: Candidate): Html {
  if (one.there === one.version) return statusBadge("same", "the same");
  return one.there === undefined ? html`<span class="none">not there</span>` : versionTag(one.there);
}
