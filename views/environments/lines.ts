import type { PlacementAsOf } from "../../src/record/as-of.ts";
import { formatCount } from "../../src/text.ts";
import { longTime } from "../../src/time/format.ts";
import { correctionNote } from "../corrections.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { downloadLinks } from "../parts/download-links.ts";
import { input } from "../parts/field.ts";
import { findingBadge } from "../parts/finding-badge.ts";
import { each, type Html, html } from "../parts/html.ts";
import { chips, empty } from "../parts/page.ts";
import { nowCalled } from "../parts/people.ts";
import { approvedByCell, placementSource, sectionHeading, since } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, group, pager, row, rowHead, table } from "../parts/table.ts";
import { base, type EnvironmentProps, pageHref } from "./address.ts";

export function environmentLines(props: EnvironmentProps): Html {
  const { lines, next, removed } = props;
  return html`<h2 class="sr">Pages and software</h2>
${filters(props)}
${lines.length || removed.length ? placementTable(props) : noLines(props)}
${pager({ previous: props.isContinued ? pageHref(props) : undefined, previousWord: "Start", next: next && pageHref(props, { after: next }), nextWord: "More", words: next && !props.size && html`<a href="${pageHref(props, { size: "1000" })}">1,000 lines per page</a>` })}
${downloads(props)}`;
}

function downloads(props: EnvironmentProps): Html {
  const { at, knownAt, filter } = props;
  const moments = { as_of: at && shortMoment(at), known_at: knownAt && shortMoment(knownAt) };
  return downloadLinks(
    base(props),
    { ...moments, ...filter },
    html`<a href="${pathWithQuery(`${base(props)}/evidence.zip`, moments)}" download>Evidence pack</a>${!at && html` · <a href="/sites/${props.site.slug}/feeds?what=environment:${props.environment.slug}">Feed</a>`}`,
  );
}

function noLines(props: EnvironmentProps): Html {
  const { kind, text } = props.filter;
  const showAll = linkButton(pageHref(props, { kind: undefined, text: undefined }), "Show all");
  if (props.isContinued) return empty("Nothing more.", showAll);
  if (kind || text) return empty("Nothing matches.", showAll);
  return empty("Everything recorded here has been removed.");
}

function filters(props: EnvironmentProps): Html {
  const { count, filter } = props;
  const kinds: [string | undefined, string, number][] = [
    [undefined, "All", count.pages + count.software],
    ["page", "Pages", count.pages],
    ["software", "Software", count.software],
  ];
  return html`<div class="filters">${chips(
    "Kind",
    kinds.map(([kind, text, count]) => ({
      href: pageHref(props, { kind, text: undefined }),
      text,
      count: formatCount(count),
      current: filter.kind === kind && !filter.text,
    })),
  )}
<form action="${base(props)}">${props.at && hiddenField("as_of", shortMoment(props.at))}${props.knownAt && hiddenField("known_at", shortMoment(props.knownAt))}${filter.kind && hiddenField("kind", filter.kind)}${input({ name: "text", type: "search", label: "Path, name or title contains", quiet: true, value: filter.text, more: { placeholder: "Path, name or title" } })}${button({ text: "Find" })}</form></div>`;
}

const COLUMNS = ["Page or software", "Version", "Since", "Source", "Approved by"];

function placementTable(props: EnvironmentProps): Html {
  const { lines, removed, site, environment, at, isContinued } = props;
  const sections = [...Map.groupBy(lines, (line) => sectionHeading(line))];
  const groups: [string, PlacementAsOf[]][] = removed.length
    ? [["Removed in this change", removed], ...sections]
    : sections;
  const sourceCells = new Map<string, Html>();
  const when = at ? ` at ${longTime(at, site.time_zone)}` : " now";
  return table({
    caption: `Pages and software on ${environment.name}${when}, with versions and approvals`,
    quiet: true,
    columns: COLUMNS,
    look: "flow",
    groups: each(groups, ([name, rows], i) =>
      group(
        isContinued && i === 0 ? `${name}, continued` : name,
        COLUMNS.length,
        each(rows, (line) => lineRow(props, line, sourceCells)),
      ),
    ),
  });
}

function lineRow(props: EnvironmentProps, line: PlacementAsOf, sourceCells: Map<string, Html>): Html {
  const isCorrected = props.corrected.has(line.seq);
  const { version, effective_at, deployment, promotion, out_of_band, rolled_back_by } = line;
  const own = isCorrected && line.seq;
  const source = [own, version === null, effective_at, deployment, promotion, out_of_band, rolled_back_by].join();
  const cells = sourceCells.get(source) ?? sourceCellsOf(props, line);
  const mark = props.marks.get(line.key);
  sourceCells.set(source, cells);
  return row(
    html`${rowHead(html`${artifactLink(props.site.slug, line)}${nowCalled(props.titlesNow.get(line.artifact_id))}`)}${cell("Version", html`${version === null ? statusBadge("removed", "removed") : versionTag(version)}${mark && html` ${findingBadge(props.site.slug, mark)}`}`)}${cells}`,
    isCorrected ? "corrected" : undefined,
  );
}

/** Since when it has been there, its source and approvals. Most lines share these cells with others of their deployment. */
function sourceCellsOf(props: EnvironmentProps, line: PlacementAsOf): Html {
  const { site, at, now, environment, approvers } = props;
  const changedHere =
    line.effective_at === at && line.version !== null && html` ${statusBadge("changed", "changed here")}`;
  const approvals = approvers.get(line.promotion_id ?? "") ?? [];
  const correction = props.corrected.get(line.seq);
  return html`${cell("Since", html`<span>${since(line, site.time_zone, now)}${changedHere}</span>`)}${cell("Source", html`${placementSource(site.slug, line)}${correction && html`<br>${correctionNote(correction, site, now)}`}`)}${cell("Approved by", approvedByCell(line, approvals, environment, { zone: site.time_zone, now }))}`;
}
