import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Rejection } from "../../src/promotions/page-comments.ts";
import type { Candidate, Candidates } from "../../src/releases/candidates.ts";
import { artifactKey, countOf, formatCount } from "../../src/text.ts";
import { path, versionTag } from "../parts/artifact.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { area, input } from "../parts/field.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { bar, empty, head, note } from "../parts/page.ts";
import { noVersion } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, rowHead, table } from "../parts/table.ts";
import { rejectionsPanel } from "../promotions/requested-changes.ts";

type Props = Candidates & {
  site: Site;
  from: Environment;
  /** The environment to compare with; undefined if `from` is the last one. */
  to: Environment | undefined;
  /** The ids of the rows of which is unknown whether it has them. */
  unknownInTarget: Set<string>;
  /** The release from which it is made, and what the rejections of that one ask to be changed. */
  previous?: { number: number; name: string } | undefined;
  rejected: Rejection[];
  name: string;
  notes: string;
  key: string;
  /** What was typed as the redirects of removed pages, by their keys. */
  redirects: Map<string, string>;
  /** The sentence shown if there are no rows. */
  whyEmpty: string;
  /** By field, or for a line by its artifact key, or `redirectError` for its redirect. */
  errors: Record<string, string>;
};

/** The name under which the error of a page's redirect is found. */
export const redirectError = (key: string): string => `redirect ${key}`;

export function newReleasePage(props: Props): Html {
  const { site, from, to, rows, key } = props;
  const title = head({
    over: [html`<a href="/sites/${site.slug}/releases">Releases</a>`],
    title: "New release",
    under:
      props.previous &&
      html`Based on <a href="/sites/${site.slug}/releases/${props.previous.number}">release ${props.previous.number}, <bdi>${props.previous.name}</bdi></a>.`,
    lead: rows.length > 0 && html`A frozen snapshot of these versions and removals, as they are on ${env(from)} now.`,
  });
  if (rows.length === 0)
    return html`${title}${empty(props.whyEmpty, linkButton(`/sites/${site.slug}`, "Back to the board"))}`;
  const [included, others] = [rows.filter((row) => row.selected), rows.filter((row) => !row.selected)];
  return html`${title}${refused(props)}${rejectionsPanel(site, props.rejected)}
<form class="selecting releasing" method="post" action="/sites/${site.slug}/releases">
${hiddenField("key", key)}${hiddenField("from", from.slug)}${to && hiddenField("to", to.slug)}${props.previous && hiddenField("made_from", String(props.previous.number))}
<div class="form">${input({
    name: "name",
    label: "Name",
    value: props.name,
    required: true,
    error: props.errors.name,
    hint: "What it is for, such as “Black Friday, first week”. Approvers read it first.",
    more: { maxlength: 200 },
  })}${area({ name: "notes", label: "Notes", rows: 2, value: props.notes, error: props.errors.notes, hint: "Optional." })}</div>
${table({
  caption: "Lines of the release",
  look: "picking",
  quiet: true,
  columns: [
    html`<span class="sr">Included</span>`,
    "Page or software",
    `On ${from.name}`,
    ...(to ? [`On ${to.name} now`] : []),
  ],
  groups: html`${lines(props, "Included", included)}${lines(props, "Not included", others, to && `also differs from ${to.name}`)}`,
})}
${bar(html`<p class="grow"><b class="selected-count"></b> <b>of ${formatCount(rows.length)}</b> lines included</p>${button({ text: "Create release", look: "primary" })}`)}
</form>`;
}

function refused({ errors, rows, unknown, from }: Props): Html {
  const shown = new Set(["name", "notes", ...rows.map(artifactKey), ...rows.map(({ key }) => redirectError(key))]);
  const others = Object.entries(errors).filter(([path]) => !shown.has(path));
  const moved = rows.filter((row) => errors[artifactKey(row)]).length;
  return html`${each(others, ([, message]) => note(message, { kind: "bad" }))}${
    moved > 0 &&
    note(
      `No release was created: ${from.name} has changed in ${countOf(moved, "line")} since you opened this page. The current versions are shown below. If they are right, create the release again.`,
      { kind: "bad" },
    )
  }${unknown > 0 && note(`Left out: ${countOf(unknown, "selected row")} never recorded on ${from.name}.`)}`;
}

function lines(props: Props, heading: string, rows: Candidate[], small?: string): Html {
  if (rows.length === 0) return html``;
  return group(
    heading,
    props.to ? 4 : 3,
    each(rows, (row) => line(props, row)),
    small ?? countOf(rows.length, "line"),
  );
}

function line(props: Props, row: Candidate): Html {
  const { from, to, errors, unknownInTarget } = props;
  const error = errors[artifactKey(row)];
  const value = [row.kind, row.key, row.version].filter((part) => part !== null).join(" ");
  return html`<tr${attr("class", error && "bad")}><td class="pick"><label class="tick"><input type="checkbox" name="line" value="${value}"${attr("checked", row.selected)}><span class="sr">${row.key}</span></label></td>${rowHead(
    html`<bdi>${row.title ?? row.key}</bdi>${row.title && html` ${path(row.key)}`}`,
  )}${cell(`On ${from.name}`, html`${versionTag(row.version)}${error && statusBadge("rejected", error, { wrap: true })}${redirectField(props, row)}`)}${
    to && cell(`On ${to.name} now`, inTarget(row, unknownInTarget.has(row.artifact_id)))
  }</tr>
`;
}

/** Asked of each page that the release removes: where its visitors are to be led. */
function redirectField({ redirects, errors }: Props, { artifact_id, kind, key, version }: Candidate): Html | false {
  if (kind !== "page" || version !== null) return false;
  return html`${hiddenField("redirect_of", key)}${input({
    name: "redirect",
    id: `redirect-${artifact_id}`,
    label: html`Lead visitors to<span class="sr"> instead of ${key}</span>`,
    value: redirects.get(key),
    error: errors[redirectError(key)],
    hint: "A path such as /sale, or https://… Empty: nowhere.",
    more: { maxlength: 2000 },
  })}`;
}

function inTarget(row: Candidate, unknown: boolean): Html {
  if (row.inTarget === row.version) return statusBadge("same", "same");
  return row.inTarget === undefined ? noVersion({ unknown }) : versionTag(row.inTarget);
}
