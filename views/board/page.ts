import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Board } from "../../src/board/board.ts";
import { formatCount } from "../../src/text.ts";
import { localInput, longDay } from "../../src/time/format.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { checkbox, input, select } from "../parts/field.ts";
import { type Attributes, attrs, each, type Html, html } from "../parts/html.ts";
import { bar, chips, empty, fold, head, note } from "../parts/page.ts";
import { statusLegend } from "../parts/status-badge.ts";
import { boardTable, canSelect } from "./table.ts";

type Props = {
  site: Site;
  now: string;
  board: Board;
  may: Permitted;
  /** The environment whose versions a release would take, where one was chosen already. */
  from?: string | undefined;
  /** The address named a place in the list that cannot be found. */
  lost: boolean;
};

/**
 * One form for all of it: it filters, goes on and makes a release with what is ticked. For who may make none it only
 * filters, so it is a plain one. With htmx the list changes under the form's own fields.
 */
export function boardPage(props: Props): Html {
  const { site, board } = props;
  const base = `/sites/${site.slug}`;
  if (!board.all) return html`${boardHead(props)}${nothing(props)}`;
  return html`<form class="choosing" action="${base}" method="${canSelect(props) ? "post" : "get"}" hx-target:inherited="#shown" hx-select:inherited="#shown" hx-swap:inherited="outerHTML" hx-push-url:inherited="true">
${boardHead(props, filters(props, base))}
<div id="shown">
${props.lost && note("That place in the list is not to be found any more. Here is its beginning.")}
<div class="filters">${chips(
    "Filters",
    board.chips.map(({ id, href, ...chip }) => ({
      ...chip,
      href,
      more: { id, "hx-post": href },
    })),
  )}${canSelect(props) && differing(props)}</div>
${standing(board)}
<div id="kept">${board.kept.length > 0 && kept(board)}</div>
${board.sections.length > 0 ? boardTable(props) : empty("No page or software is like that.")}
${more(props, base)}
${fold(
  "What the signs mean",
  html`${statusLegend()}<p class="reason">A dotted time was told later than it was so. The page’s own life shows both times.</p>`,
)}
</div>
${canSelect(props) && chosenBar(props, base)}
</form>`;
}

const boardHead = ({ site, now }: Props, actions?: Html): Html =>
  head({
    title: "Board",
    under: html`What is where, <time datetime="${now}">${longDay(now, site.time_zone)}, ${localInput(now, site.time_zone).slice(-5)}</time>.`,
    actions,
  });

/** Before anything is told: what to do first. */
function nothing({ site, may }: Props): Html {
  const first = site.environments[0];
  if (!first) return empty("This site has no environments yet. An administrator adds them in the settings.");
  return empty(
    html`Nothing is recorded yet. The book begins with what stands on <b>${first.name}</b> today: a list of pages and software with their versions, one a line.`,
    may.record
      ? html`<p>${linkButton(`/sites/${site.slug}/deployments/new`, "Record a deployment", "primary")}</p><p>A deployer does the same from the command line: <code>npx sitebook import ${first.slug} versions.csv</code></p>`
      : html`<p>Somebody with the right to record does that. You will see it here.</p>`,
  );
}

function filters(props: Props, base: string): Html {
  const { filter, choices } = props.board;
  const replacing = { "hx-post": base, "hx-vals": "filter:1", "hx-sync": "this:replace" };
  return html`<div class="moment">
${select({
  name: "kind",
  label: "Kind",
  quiet: true,
  value: filter.kind ?? "",
  more: replacing,
  choices: [
    { value: "", label: "All kinds" },
    { value: "page", label: "Pages" },
    { value: "software", label: "Software" },
  ],
})}
${select({ name: "section", label: "Section", quiet: true, value: filter.section === undefined ? "" : `/${filter.section}`, more: replacing, choices: [{ value: "", label: "All sections" }, ...choices.sections.map((one) => ({ value: `/${one}`, label: one ? `/${one}` : "Top level" }))] })}
${choices.owners.length > 0 && select({ name: "owner", label: "Owner", quiet: true, value: filter.owner ?? "", more: replacing, choices: [{ value: "", label: "All owners" }, ...choices.owners.map(({ id, name }) => ({ value: id, label: name }))] })}
${input({ name: "text", type: "search", label: "Path, name or title contains", quiet: true, value: filter.text, more: { ...replacing, "hx-trigger": "input changed delay:200ms", placeholder: "Path, name or title", maxlength: 2000, autocomplete: "off" } })}
${button({ text: "Filter", ...(canSelect(props) && { name: "filter", value: "1" }), more: { formaction: base } })}
</div>`;
}

/** How rows stand is chosen by the chips; the form carries it along. */
function standing({ filter, choices }: Board): Html {
  const told: Record<string, string | false | undefined> = {
    differs: filter.differs?.map((one) => one.slug).join(","),
    waiting: filter.waiting && "1",
    out_of_band: filter.out_of_band && "1",
    unknown: filter.unknown && "1",
    owner: !choices.owners.length && filter.owner,
  };
  return html`${each(Object.entries(told), ([name, value]) => (value ? hiddenField(name, value) : html``))}`;
}

/** All that one environment has otherwise than the next, in one step. */
function differing({ site, board }: Props): Html {
  const pairs = site.environments
    .slice(1)
    .map((to, i) => ({ from: site.environments[i] as typeof to, to, rows: board.differing[i] ?? 0 }));
  const open = pairs.filter(({ rows }) => rows > 0);
  return html`${open.length > 0 && html`<p class="ways">Release all that differs: ${each(open, ({ from, to }) => html` <a href="/sites/${site.slug}/releases/new?from=${from.slug}&to=${to.slug}">${from.name} to ${to.name}</a>`)}</p>`}`;
}

/** Ticked on another page of the list, or before it was filtered otherwise. */
const kept = ({ kept }: Board): Html =>
  html`<fieldset class="kept"><legend>${kept.length} chosen, not in this list:</legend> ${each(kept, (one) =>
    checkbox({ name: "choose", value: one.id, label: one.key, checked: true }),
  )}</fieldset>`;

/** Further pages by key. What is ticked goes along: without script as the form's fields, with htmx the rows are added below. */
function more(props: Props, base: string): Html {
  const { board } = props;
  const go = (href: string, text: string, htmx: Attributes = {}) =>
    canSelect(props)
      ? button({ text, more: { formaction: href, ...htmx } })
      : html`<a class="button" href="${href}"${attrs(htmx)}>${text}</a>`;
  const words = wordsFor(board);
  // the last button keeps one id, so that focus stays there while rows are added
  return html`<nav class="pager" id="more" aria-label="Pages of this list"><span class="grow" data-said="${words}">${words}</span>${
    board.filtered && go(base, "Show everything")
  }${board.continued && go(board.start, "Back to the start", { id: board.next ? undefined : "further" })}${
    board.next && go(board.next, "The next 100", { id: "further", ...adding(board.next, board.kept.length) })
  }</nav>`;
}

/** Only what is ticked but not shown goes along: it may be among the rows that come. A long list of it does not fit into an address. */
const adding = (next: string, kept: number): Attributes =>
  kept > 200
    ? {}
    : {
        "hx-get": next,
        "hx-include": "#kept :checked",
        "hx-target": "#board",
        "hx-select": "#board > tbody",
        "hx-swap": "beforeend",
        "hx-select-oob": "#more,#kept",
        "hx-push-url": "false",
      };

function wordsFor({ sections, continued, next, filtered, shown, all }: Board): string {
  const here = sections.reduce((total, section) => total + section.rows.length, 0);
  if (continued) return `${here} more, of ${rowsIn(shown)}`;
  if (next) return `The first ${here} of ${rowsIn(shown)}`;
  return filtered ? `${shown} of ${rowsIn(all)}` : rowsIn(shown);
}

const rowsIn = (count: number): string => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;

function chosenBar({ site, board, from }: Props, base: string): Html {
  const sources = site.environments.slice(0, -1);
  const choices = sources.map(({ slug, name }) => ({ value: slug, label: name }));
  return bar(
    html`<div class="grow"><span><b class="chosen"></b> <b>chosen</b>,</span> ${select({ name: "from", label: "as they are on", value: from, choices })}</div><a class="button plain" href="${board.start}">Clear</a>${button(
      {
        text: html`<span>Make a release (<span class="chosen"></span>)</span>`,
        look: "primary",
        more: { formaction: `${base}/releases/new` },
      },
    )}`,
    "when-chosen",
  );
}
