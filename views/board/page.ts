import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Board } from "../../src/board/board.ts";
import type { FirstStep } from "../../src/board/first-steps.ts";
import { countOf, formatCount } from "../../src/text.ts";
import { clockTime, longDay } from "../../src/time/format.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { downloadLinks } from "../parts/download-links.ts";
import { checkbox, input, select } from "../parts/field.ts";
import { type Attributes, attrs, each, type Html, html } from "../parts/html.ts";
import { bar, chips, empty, fold, head, note, panel } from "../parts/page.ts";
import { sectionHeading } from "../parts/placement.ts";
import { statusLegend } from "../parts/status-badge.ts";
import { checklist, foldedChecklist } from "./first-steps.ts";
import { boardTable, canSelect, sectionLink } from "./table.ts";

type Props = {
  site: Site;
  now: string;
  board: Board;
  may: Permitted;
  /** The environment whose versions a release would take, if one was selected already. */
  from?: string | undefined;
  /** Whether the address names a row to begin after that cannot be read. */
  lost: boolean;
  /** What is left to do on a new site. */
  steps?: FirstStep[] | undefined;
  /** Whether the reader can have Sitebook look for itself. */
  observable: boolean;
  /** How many are open, at most 1,000. */
  findings: number;
  /** The address of what is shown; of all rows, if these are added below others. */
  address: string;
};

/**
 * One form, which filters, pages, and creates a release of the selected rows. For people who cannot create releases it
 * only filters, so it is a GET. With htmx the list is replaced below the form's fields, which stay.
 */
export function boardPage(props: Props): Html {
  const { site, board } = props;
  const base = `/sites/${site.slug}`;
  if (!board.all) return html`${boardHead(props)}${emptyBoard(props)}`;
  return html`${props.steps && foldedChecklist({ site, steps: props.steps, observable: props.observable })}<form class="selecting" action="${base}" method="${canSelect(props) ? "post" : "get"}" hx-target:inherited="#shown" hx-select:inherited="#shown" hx-swap:inherited="outerHTML" hx-push-url:inherited="true">
${boardHead(props, filters(props, base))}
<div id="shown">
${props.lost && note("That part of the list no longer exists. This is the start.")}
<div class="filters">${chips(
    "Filters",
    board.chips.map(({ id, href, ...chip }) => ({
      ...chip,
      href,
      // a button, so that selected rows stay selected without scripts too
      submits: canSelect(props),
      more: { id, "hx-post": href },
    })),
  )}${canSelect(props) && board.shown > 0 && ways(props)}</div>
${stateFields(board)}
<div id="elsewhere">${board.selectedElsewhere.length > 0 && selectedElsewhere(board)}</div>
${board.jumps.length > 0 && jumpList(props)}${board.sections.length > 0 ? boardTable(props) : empty("Nothing matches.")}
${more(props)}
${downloadLinks(base, Object.fromEntries(new URLSearchParams(queryOf(board.start))))}
${fold(
  "What the icons mean",
  html`${statusLegend()}<p class="reason">A time underlined with dots was recorded late. The page’s history shows both times.</p>`,
)}
</div>
${canSelect(props) && selectionBar(props, base)}
</form>`;
}

const boardHead = ({ site, now, findings }: Props, actions?: Html): Html =>
  head({
    title: "Board",
    under: html`As of <time datetime="${now}">${longDay(now, site.time_zone)}, ${clockTime(now, site.time_zone)}</time>. <span id="changed-since"></span>${findings > 0 && html` <a href="/sites/${site.slug}/findings">${countOf(findings, "finding")}</a>`}`,
    actions,
  });

/** Before anything is recorded: what to do first. */
function emptyBoard({ site, may, steps, observable }: Props): Html {
  const first = site.environments[0];
  if (!first) return empty("This site has no environments yet. An administrator can add them in the settings.");
  const last = site.environments.at(-1) ?? first;
  if (!steps)
    return empty(
      "Nothing recorded yet.",
      html`<p>Someone who may record deployments can do that. You will see it here.</p>`,
    );
  return html`${empty(
    html`Nothing recorded yet. Start with what is on <b>${last.name}</b> today: a list of pages and software with their versions, one per line.`,
    may.record &&
      html`<p>${linkButton(`/sites/${site.slug}/deployments/new?environment=${last.slug}`, "Record what is there", "primary")}</p><p>From the command line: <code>npx sitebook record ${last.slug} --baseline &lt; versions.csv</code></p>`,
  )}${panel("steps", "First steps", checklist({ site, steps, observable }))}`;
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
${select({ name: "section", label: "Section", quiet: true, value: filter.section === undefined ? "" : `/${filter.section}`, more: replacing, choices: [{ value: "", label: "All sections" }, ...choices.sections.map((section) => ({ value: `/${section}`, label: section ? `/${section}` : "Top level" }))] })}
${choices.owners.length > 0 && select({ name: "owner", label: "Owner", quiet: true, value: filter.owner ?? "", more: replacing, choices: [{ value: "", label: "All owners" }, { value: "nobody", label: "Nobody" }, ...choices.owners.map(({ id, name }) => ({ value: id, label: name }))] })}
${select({
  name: "order",
  label: "Order",
  quiet: true,
  value: filter.order ?? "",
  more: replacing,
  choices: [
    { value: "", label: "By name" },
    { value: "latest", label: "By latest change" },
  ],
})}
${input({ name: "text", type: "search", label: "Path, name or title contains", quiet: true, value: filter.text, more: { ...replacing, "hx-trigger": "input changed delay:200ms", placeholder: "Path, name or title", maxlength: 2000, autocomplete: "off" } })}
${button({ text: "Filter", ...(canSelect(props) && { name: "filter", value: "1" }), more: { formaction: base } })}
</div>`;
}

/** The state is set by the chips, and sent along as hidden fields. */
function stateFields({ filter, choices }: Board): Html {
  const fields: Record<string, string | false | undefined> = {
    differs: filter.differs?.map((environment) => environment.slug).join(","),
    waiting: filter.waiting && "1",
    out_of_band: filter.out_of_band && "1",
    unknown: filter.unknown && "1",
    owner: !choices.owners.length && filter.owner,
  };
  return html`${each(Object.entries(fields), ([name, value]) => (value ? hiddenField(name, value) : html``))}`;
}

/** Selects everything that the filter shows; starts a release of everything that differs between two neighbours. */
function ways({ site, board, address }: Props): Html {
  const pairs = site.environments
    .slice(1)
    .map((to, i) => ({ from: site.environments[i] as typeof to, to, rows: board.differing[i] ?? 0 }));
  const differingPairs = pairs.filter(({ rows }) => rows > 0);
  return html`<div class="ways">${button({
    text: `Select all ${formatCount(board.shown)}`,
    look: "plain",
    name: "select",
    value: "all",
    more: { id: "select-all", formaction: address, "hx-post": address },
  })}${differingPairs.length > 0 && html`<p>Release all differences: ${each(differingPairs, ({ from, to }) => html` <a href="/sites/${site.slug}/releases/new?from=${from.slug}&to=${to.slug}">${from.name} to ${to.name}</a>`)}</p>`}</div>`;
}

/** Links to the sections of a long list, each of which opens the section alone. */
function jumpList(props: Props): Html {
  const { jumps } = props.board;
  const link = ({ href, shown, ...section }: (typeof jumps)[number]) =>
    html`<li>${sectionLink(props, sectionHeading(section), href)} <small>${formatCount(shown)}</small></li>`;
  return fold("Jump to a section", html`<ul class="jumps">${each(jumps, link)}</ul>`, {
    small: countOf(jumps.length, "section"),
    open: jumps.length <= 40,
    id: "jumps",
  });
}

/** More than these are one box and not one for each. */
const maxBoxes = 100;

/** Selected on another page of the list, in a section that is folded, or with another filter. */
function selectedElsewhere({ selectedElsewhere: rows }: Board): Html {
  const ids = rows.map(({ id }) => id).join(" ");
  if (rows.length > maxBoxes)
    return html`<div class="elsewhere">${checkbox({ name: "choose", value: ids, label: `${formatCount(rows.length)} selected, not shown here`, checked: true, more: { "data-rows": rows.length } })}</div>`;
  return html`<fieldset class="elsewhere"><legend>${rows.length} selected, not shown here:</legend> ${each(
    rows,
    ({ id, key }) => checkbox({ name: "choose", value: id, label: key, checked: true }),
  )}</fieldset>`;
}

/** Links to further pages. Without scripts these submit the form, so that selected rows stay; with htmx rows are added below. */
function more(props: Props): Html {
  const { board } = props;
  const go = (href: string, text: string, htmx: Attributes = {}) =>
    canSelect(props)
      ? button({ text, more: { formaction: href, ...htmx } })
      : html`<a class="button" href="${href}"${attrs(htmx)}>${text}</a>`;
  const words = progress(board);
  // the last button always has the same id, so that it keeps the focus when rows are added
  return html`<nav class="pager" id="more" aria-label="Pages of this list"><span class="grow" data-announce="${words}">${words}</span>${
    board.filtered && go(board.everything, "Show everything")
  }${
    board.folded && go(board.list, "Show as one list")
  }${board.continued && go(board.start, "Back to the start", { id: board.next ? undefined : "further" })}${
    board.next && go(board.next, "Next 100", { id: "further", ...adding(board.next, props) })
  }${canSelect(props) && hiddenField("shown", queryOf(props.address))}</nav>`;
}

const queryOf = (address: string): string => address.split("?")[1] ?? "";

/**
 * Adds the next page's rows below by htmx. Selected rows that are not in this list are sent along, since they may be
 * among the next; if there are too many for an address, the page is loaded instead.
 */
const adding = (next: string, { board, address }: Props): Attributes =>
  board.selectedElsewhere.length > 200
    ? {}
    : {
        "hx-get": next,
        "hx-include": "#elsewhere :checked",
        "hx-vals": JSON.stringify({ shown: queryOf(address) }),
        "hx-target": "#board",
        "hx-select": "#board > tbody",
        "hx-swap": "beforeend",
        "hx-select-oob": "#more,#elsewhere",
      };

function progress({ folded, sections, continued, next, filtered, shown, all }: Board): string {
  if (folded) return `${countOf(shown, "row")} in ${countOf(sections.length, "section")}`;
  const here = sections.reduce((total, section) => total + section.rows.length, 0);
  if (continued) return `${here} more of ${countOf(shown, "row")}`;
  if (next) return `First ${here} of ${countOf(shown, "row")}`;
  return filtered ? `${shown} of ${countOf(all, "row")}` : countOf(shown, "row");
}

function selectionBar({ site, board, from }: Props, base: string): Html {
  // without scripts: the counter counts boxes, of which one can stand for many rows
  const others = html`<span class="others"> + ${formatCount(board.selectedElsewhere.length)}</span>`;
  const sources = site.environments.slice(0, -1);
  const choices = sources.map(({ slug, name }) => ({ value: slug, label: name }));
  return bar(
    html`<div class="grow"><span><b class="selected-count"></b>${others} <b>selected</b>,</span> ${select({ name: "from", label: "versions from", value: from, choices })}</div>${button({ text: "Clear", look: "plain", name: "clear", value: "1", more: { formaction: base } })}${button(
      {
        text: html`<span>New release (<span class="selected-count"></span>${others})</span>`,
        look: "primary",
        more: { formaction: `${base}/releases/new` },
      },
    )}`,
    "when-selected",
  );
}
