import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Board, BoardSection } from "../../src/board/board.ts";
import type { BoardCell, BoardRow, CellWaiting } from "../../src/board/cells.ts";
import type { Comparison } from "../../src/board/rules.ts";
import { formatCount } from "../../src/text.ts";
import { longTime, shortTime } from "../../src/time/format.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { env, tier } from "../parts/environment.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { foldingGroup } from "../parts/table.ts";

type Props = { site: Site; now: string; board: Board; may: Permitted };

/** Whether rows can be selected for a release: there has to be an environment to release them to. */
export const canSelect = ({ site, may }: Pick<Props, "site" | "may">): boolean =>
  may.release && site.environments.length > 1;

/** The grid: a row for each page and software, a column for each environment. */
export const boardTable = (props: Props): Html =>
  html`<section class="scroll" aria-label="The board" tabindex="0">
<table class="ledger board" id="board">
<caption class="sr">Pages and software by environment, in order of promotion from left to right. Each cell gives the version, since when, and how it stands to the environment on its right.</caption>
<colgroup><col class="pick"><col class="name"><col span="${props.site.environments.length}"></colgroup>
<thead><tr><td class="pick"></td><th scope="col">Page or software</th>${each(props.site.environments, (environment, i) => columnHead(props.site, environment, i))}</tr></thead>
${each(props.board.sections, (section) => sectionRows(props, section))}
</table>
</section>`;

function columnHead(site: Site, environment: Environment, i: number): Html {
  const next = site.environments[i + 1];
  const says = next ? `since, against ${next.name}` : environment.gate ? "since, approved by" : "since";
  const href = `/sites/${site.slug}/environments/${environment.slug}`;
  return html`<th scope="col"${tier(environment)}>${env({ name: environment.name, tier: environment.tier, href })}<small>${says}</small></th>`;
}

function sectionRows(props: Props, group: BoardSection): Html {
  const { site, board } = props;
  const name = group.kind === "software" ? "Software" : group.section ? `/${group.section}` : "Top level";
  const rows = each(group.rows, (row) => boardRow(props, row, board.chosen.has(row.id)));
  return foldingGroup(
    group.continued ? `${name}, continued` : name,
    site.environments.length + 2,
    rows,
    sizes(group, site.environments.length > 1),
  );
}

const boardRow = (props: Props, row: BoardRow, chosen: boolean): Html =>
  html`<tr><td class="pick">${canSelect(props) && html`<label class="tick"><input type="checkbox" name="choose" value="${row.id}"${attr("checked", chosen)}><span class="sr">Choose ${row.key}</span></label>`}</td><th scope="row">${artifactLink(props.site.slug, row)}</th>${each(row.cells, (cell, i) => square(props, cell, i))}</tr>
`;

/** "5 pages, 4 on the move"; with a filter "2 of 5 pages, 4 on the move". */
function sizes({ kind, shown, total }: BoardSection, compared: boolean): string {
  const [one, many] = kind === "page" ? ["page", "pages"] : ["piece", "pieces"];
  const written = (count: number) => formatCount(count);
  const count = shown < total.rows ? `${written(shown)} of ${written(total.rows)}` : written(total.rows);
  const moving = total.moving ? `${written(total.moving)} on the move` : "the same everywhere";
  return `${count} ${total.rows === 1 ? one : many}${compared ? `, ${moving}` : ""}`;
}

function square(props: Props, cell: BoardCell, i: number): Html {
  const environment = props.site.environments[i] as Environment;
  return html`<td data-env="${environment.name}"${tier(environment)}><div class="place">${content(props, cell, i)}</div></td>`;
}

function content(props: Props, cell: BoardCell, i: number): Html {
  if (!cell.recorded)
    return html`<span class="wide">${cell.unknown ? statusBadge("unknown", "never recorded") : html`<span class="none">not here</span>`}</span>`;
  const right = props.site.environments[i + 1];
  const signs = [
    ...(right ? stands(cell, right) : ends(props, cell)),
    ...(cell.out_of_band ? [statusBadge("band", "out of band")] : []),
    ...cell.waiting.map((one) => awaited(props.site, one)),
  ];
  return html`${versionTag(cell.recorded.version)} ${since(props, cell.recorded)} ${each(signs, (sign) => html`${sign} `)}`;
}

/** What waits to move on in this very version says so instead: it stands as it does because it waits. */
function stands({ stand, waiting }: BoardCell, right: Environment): Html[] {
  const resolved = stand === "ahead" || stand === "missing" || stand === "gone";
  if (!stand || (resolved && waiting.some((one) => !one.other))) return [];
  return [compared(stand, right.name)];
}

function compared(stand: Comparison, right: string): Html {
  switch (stand) {
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

/** In the last environment: who let it come. */
function ends({ site }: Props, { approved, out_of_band }: BoardCell): Html[] {
  if (approved.length) return [statusBadge("approved", approved.join(", "), { before: "approved by " })];
  if (out_of_band || site.environments.length < 2) return [];
  return [html`<span class="none">no gate</span>`];
}

function awaited(site: Site, { promotion, to, roles, other }: CellWaiting): Html {
  const href = `/sites/${site.slug}/promotions/${promotion}`;
  const what = other && `${other.version ?? "removal"} `;
  if (!roles.length)
    return statusBadge("approved", html`${what}approved`, {
      more: ` for ${to}`,
      href,
      title: `Promotion ${promotion} is approved for ${to}`,
    });
  const whom = `for ${roles.join(" and ")}`;
  return statusBadge("waiting", html`${what}waiting`, {
    more: ` ${whom}`,
    href,
    title: `Promotion ${promotion} waits ${whom}`,
  });
}

/** A dotted time was told later: both clocks are in its title and for who listens. */
function since({ site, now }: Props, { effective_at, late }: NonNullable<BoardCell["recorded"]>): Html {
  const told = late && `told later, ${longTime(late, site.time_zone)}`;
  return html`<time datetime="${effective_at}"${attr("title", told)}>${shortTime(effective_at, site.time_zone, now)}${told && html`<span class="more">, ${told}</span>`}</time>`;
}
