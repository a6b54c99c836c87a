import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Board, BoardSection } from "../../src/board/board.ts";
import type { BoardCell, BoardRow, CellWaiting } from "../../src/board/cells.ts";
import type { Comparison } from "../../src/board/rules.ts";
import { countOf, formatCount, inPart, joinWithAnd, nameWithKind } from "../../src/text.ts";
import { longTime, shortTime } from "../../src/time/format.ts";
import { artifactLink } from "../parts/artifact.ts";
import { button } from "../parts/button.ts";
import { env, tier } from "../parts/environment.ts";
import { findingBadge } from "../parts/finding-badge.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { allNames } from "../parts/people.ts";
import { baselineText, baselineWords, noVersion, sectionHeading } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { foldingGroup } from "../parts/table.ts";
import { dayAndTime } from "../parts/time.ts";

type Props = {
  site: Site;
  now: string;
  board: Board;
  may: Permitted;
  /** The address of what is shown. */
  address: string;
};

/** Whether rows can be selected for a release: there has to be an environment to release them to. */
export const canSelect = ({ site, may }: Pick<Props, "site" | "may">): boolean =>
  may.release && site.environments.length > 1;

/** The grid: a row for each page and software, a column for each environment. */
export const boardTable = (props: Props): Html =>
  html`<section class="scroll" aria-label="Board" tabindex="0">
<table class="ledger board" id="board">
<caption class="sr">Pages and software by environment, in order of promotion from left to right. Each cell shows the version, since when it has been there, and how it compares with the environment to its right.</caption>
<colgroup><col class="pick"><col class="name"><col span="${props.site.environments.length}"></colgroup>
<thead><tr><td class="pick"></td><th scope="col">Page or software</th>${each(props.site.environments, (environment, i) => columnHead(props.site, environment, i))}</tr></thead>
${each(props.board.sections, (section, i) => sectionBody(props, section, i))}
</table>
</section>`;

function columnHead(site: Site, environment: Environment, i: number): Html {
  const next = site.environments[i + 1];
  const note = next ? `since, compared with ${next.name}` : environment.gate ? "since, approved by" : "since";
  const href = `/sites/${site.slug}/environments/${environment.slug}`;
  return html`<th scope="col"${tier(environment)}>${env({ name: environment.name, tier: environment.tier, href })}<small>${note}</small></th>`;
}

function sectionBody(props: Props, group: BoardSection, i: number): Html {
  if (props.board.folded) return foldedSection(props, group, i);
  const rows = each(group.rows, (row) => boardRow(props, row, props.board.selected.has(row.id)));
  // by latest change the rows of all sections are mixed
  return props.board.filter.order ? html`<tbody>${rows}</tbody>` : sectionRows(props, group, rows);
}

function sectionRows(props: Props, group: BoardSection, rows: Html): Html {
  const { site } = props;
  const name = sectionHeading(group);
  return foldingGroup(
    group.continued ? `${name}, continued` : name,
    site.environments.length + 2,
    rows,
    sizes(group, site.environments.length > 1),
    { actions: canSelect(props) && group.shown > 1 && selectSection(props, group, group.rows[0]?.id) },
  );
}

/** Of a long list only the sections are shown: each can be opened, and keeps the filter and the selection. */
function foldedSection(props: Props, group: BoardSection, i: number): Html {
  const { environments } = props.site;
  const name = sectionHeading(group);
  const open = sectionLink(props, name, group.href);
  return html`<tbody><tr class="group"><th scope="rowgroup" colspan="${environments.length + 2}"><span>${open} <small>${sizes(group, environments.length > 1)}</small></span>${canSelect(props) && selectSection(props, group, `section-${i}`)}</th></tr></tbody>
`;
}

/** Opens a section alone, with the same filter: a button, so that selected rows stay selected. */
export const sectionLink = (props: Pick<Props, "site" | "may">, name: string, href: string): Html =>
  canSelect(props)
    ? button({ text: name, look: "plain", more: { formaction: href, "hx-post": href } })
    : html`<a href="${href}">${name}</a>`;

/** Selects all rows of the section that the filter shows, also those of further pages; or none, if all are selected. */
function selectSection({ address }: Props, group: BoardSection, id: string | undefined): Html {
  const all = group.selected >= group.shown;
  return button({
    text: html`${all ? "Unselect" : "Select"} all ${formatCount(group.shown)}<span class="sr"> in ${sectionHeading(group)}</span>`,
    look: "plain",
    name: all ? "unselect" : "select",
    value: `${group.kind}:${group.section}`,
    more: {
      id: `select-${id}`,
      formaction: address,
      "hx-post": address,
    },
  });
}

const boardRow = (props: Props, row: BoardRow, selected: boolean): Html =>
  html`<tr><td class="pick">${canSelect(props) && html`<label class="tick"><input type="checkbox" name="choose" value="${row.id}"${attr("checked", selected)}><span class="sr">Select <bdi>${row.key}</bdi></span></label>`}</td><th scope="row">${artifactLink(props.site.slug, row)}${owner(props.board, row)}</th>${each(row.cells, (cell, i) => boardCell(props, cell, i))}</tr>
`;

function owner({ choices }: Board, { owner_id }: BoardRow): Html | undefined {
  const person = owner_id ? choices.owners.find(({ id }) => id === owner_id) : undefined;
  return person && html` <span class="title">· <span class="sr">Owner: </span><bdi>${person.name}</bdi></span>`;
}

/** "5 pages, 4 in progress"; with a filter "2 of 5 pages, 4 in progress". */
function sizes({ kind, shown, total }: BoardSection, compared: boolean): string {
  const of = shown < total.rows ? `${formatCount(shown)} of ` : "";
  const settled = total.unknown ? `${formatCount(total.unknown)} unknown` : "the same everywhere";
  const progress = total.moving ? `${formatCount(total.moving)} in progress` : settled;
  return `${of}${countOf(total.rows, kind === "page" ? "page" : "item")}${compared ? `, ${progress}` : ""}`;
}

function boardCell(props: Props, cell: BoardCell, i: number): Html {
  const environment = props.site.environments[i] as Environment;
  return html`<td data-env="${environment.name}"${tier(environment)}><div class="place">${content(props, cell, i)}</div></td>`;
}

function content(props: Props, cell: BoardCell, i: number): Html {
  if (!cell.recorded)
    return html`<span class="wide">${noVersion(cell)}</span>${cell.findings && html` ${findingBadge(props.site.slug, cell.findings)}`}`;
  const right = props.site.environments[i + 1];
  const badges = [
    ...(right ? comparisonBadge(cell, right) : approvalBadge(props, cell)),
    ...baselineBadge(props, cell, i),
    ...rollbackBadge(props, cell.recorded),
    ...(cell.recorded.forced ? [statusBadge("band", "without its gate")] : []),
    ...(cell.out_of_band ? [statusBadge("band", "out of band")] : []),
    ...(cell.before_approval ? [statusBadge("band", "before approval", { before: "there " })] : []),
    ...cell.waiting.map((waiting) => waitingBadge(props, waiting)),
    ...(cell.findings ? [findingBadge(props.site.slug, cell.findings)] : []),
  ];
  return html`${versionLink(props, cell.recorded)}${cell.recorded.title && html` <bdi class="title">“${cell.recorded.title}”</bdi>`} ${since(props, cell.recorded)} ${each(badges, (badge) => html`${badge} `)}`;
}

const rollbackBadge = ({ site }: Props, { rollback_of, rollback_in_part }: Recorded): Html[] =>
  rollback_of
    ? [
        statusBadge("behind", `rollback${inPart(rollback_in_part)}`, {
          more: ` of promotion ${rollback_of}`,
          href: `/sites/${site.slug}/promotions/${rollback_of}`,
          title: `Put back by a rollback${inPart(rollback_in_part)} of promotion ${rollback_of}`,
        }),
      ]
    : [];

type Recorded = NonNullable<BoardCell["recorded"]>;

/** The version, as a link to what brought it: its promotion, with who approved it and when, or its deployment. */
function versionLink({ site }: Props, { version, deployment, promotion, approvedBy }: Recorded): Html {
  const href = `/sites/${site.slug}/${promotion ? `promotions/${promotion}` : `deployments/${deployment}`}`;
  const approvals = approvedBy.map(({ person, kind, role, decided_at }) => {
    return `approved by ${nameWithKind({ name: person, kind })}, ${role.replaceAll("-", " ")}, ${longTime(decided_at, site.time_zone)}`;
  });
  const source = [promotion ? `promotion ${promotion}` : `deployment ${deployment}`, ...approvals].join("; ");
  const title = version && version.length > 12 ? `${version}: ${source}` : source;
  return html`<a class="${version === null ? "none" : "version"}" href="${href}" title="${title}">${version === null ? "removed" : html`<bdi>${version}</bdi>`}</a>`;
}

/** None if this version is in an open promotion, which explains the difference and has a badge of its own. */
function comparisonBadge({ comparison, waiting }: BoardCell, right: Environment): Html[] {
  const explained = comparison === "ahead" || comparison === "missing" || comparison === "gone";
  if (!comparison || (explained && waiting.some(({ frozen }) => !frozen))) return [];
  return [compared(comparison, right.name)];
}

function compared(comparison: Comparison, right: string): Html {
  switch (comparison) {
    case "same":
      return statusBadge("same", "same", { more: ` as ${right}` });
    case "ahead":
      return statusBadge("ahead", "ahead", { more: ` of ${right}` });
    case "behind":
      return statusBadge("behind", "behind", { more: ` ${right}` });
    case "missing":
      return statusBadge("missing", `not on ${right}`);
    case "gone":
      return statusBadge("gone", `still on ${right}`);
    case "unknown":
      return statusBadge("unknown", "unknown", { more: ` on ${right}` });
  }
}

/** In the last environment, which has no other to compare with: who approved it. */
function approvalBadge({ site }: Props, { recorded, out_of_band, baselineBy }: BoardCell): Html[] {
  const approvals = recorded?.approvedBy ?? [];
  if (approvals.length) return [statusBadge("approved", allNames(approvals), { before: "approved by " })];
  if (out_of_band || baselineBy !== undefined || site.environments.length < 2) return [];
  return [html`<span class="none">no gate</span>`];
}

/** In the last environment, in place of an approver: it was there already when the record began. */
function baselineBadge({ site, now }: Props, { baselineBy, recorded }: BoardCell, i: number): Html[] {
  if (baselineBy === undefined || !recorded || i < site.environments.length - 1) return [];
  const line = { effective_at: recorded.effective_at, ...baselineBy };
  const title = baselineText(line, site.time_zone, now);
  return [statusBadge("baseline", "baseline", { title, more: html`: ${baselineWords(line, site.time_zone, now)}` })];
}

function waitingBadge({ site, now }: Props, { promotion, to, roles, frozen, blocked, planned }: CellWaiting): Html {
  const href = `/sites/${site.slug}/promotions/${promotion}`;
  const version = frozen && `${frozen.version ?? "removal"} `;
  const when = planned ? `, planned for ${shortTime(planned, site.time_zone, now)}` : "";
  if (blocked)
    return statusBadge("blocked", html`${version}blocked`, {
      more: ` for ${to}`,
      href,
      title: `Promotion ${promotion} to ${to} is blocked`,
    });
  if (!roles.length)
    return statusBadge("approved", html`${version}approved`, {
      more: ` for ${to}${when}`,
      href,
      title: `Promotion ${promotion} is approved for ${to}${when}`,
    });
  const forRoles = `for ${joinWithAnd(roles)}`;
  return statusBadge("waiting", html`${version}waiting`, {
    more: ` ${forRoles}${when}`,
    href,
    title: `Promotion ${promotion} is waiting ${forRoles}${when}`,
  });
}

/** A time recorded late is underlined with dots; its title, and a text for screen readers, has when it was recorded. */
function since({ site, now }: Props, { effective_at, late }: NonNullable<BoardCell["recorded"]>): Html {
  const recorded = late && `recorded late, ${longTime(late, site.time_zone)}`;
  return html`<time datetime="${effective_at}"${attr("title", recorded)}>${dayAndTime(effective_at, site.time_zone, now)}${recorded && html`<span class="more">, ${recorded}</span>`}</time>`;
}
