import type { Html, Piece } from "./html.ts";
import { attr, classes, each, html } from "./html.ts";

type Table = {
  caption: Piece;
  /** Hides the caption from all but screen readers, if a heading above has the same text. */
  quiet?: boolean | undefined;
  columns: readonly Piece[];
  look?: string | undefined;
} & Body;

/** The rows of a table, or the groups of them that `group` and `foldingGroup` make. */
type Body = { body: Html; groups?: undefined } | { groups: Html; body?: undefined };

/** The table of all lists. On a phone each row becomes a card, with its cells labelled by `cell`. */
export const table = ({ caption, quiet, columns, body, groups, look }: Table): Html =>
  html`<table${classes("ledger", look)}><caption${classes(quiet && "sr")}>${caption}</caption>
<thead><tr>${each(columns, (column) => html`<th scope="col">${column}</th>`)}</tr></thead>
${groups ?? html`<tbody>${body}</tbody>`}
</table>`;

/** A table with a column for each of so many environments: with more than four it may have to scroll sideways. */
export const withEnvironments = (count: number, props: Table & { caption: string }): Html =>
  count > 4
    ? html`<section class="sideways" aria-label="${props.caption}" tabindex="0">${table(props)}</section>`
    : table(props);

export const cell = (label: string, content: Piece): Html => html`<td data-label="${label}">${content}</td>`;

/** `label` is shown before it on a phone, where a number alone would not explain itself. */
export const rowHead = (content: Piece, label?: string): Html =>
  html`<th scope="row"${attr("data-label", label)}>${content}</th>`;

export const row = (cells: Piece, look?: string): Html => html`<tr${classes(look)}>${cells}</tr>
`;

/** A tbody with its own heading. */
export const group = (heading: Piece, span: number, rows: Piece, small?: Piece): Html =>
  html`<tbody><tr class="group"><th scope="rowgroup" colspan="${span}"><span>${heading}${small && html` <small>${small}</small>`}</span></th></tr>
${rows}</tbody>
`;

/** The same, collapsible without script: a checkbox in the heading hides the rows by the stylesheet. */
export const foldingGroup = (
  heading: Piece,
  span: number,
  rows: Piece,
  small?: Piece,
  { folded, actions }: { folded?: boolean; actions?: Piece } = {},
): Html =>
  html`<tbody><tr class="group"><th scope="rowgroup" colspan="${span}"><label class="fold-label"><input type="checkbox" class="fold-box"${attr("checked", folded)}><span class="sr">Collapse </span><span>${heading}${small && html` <small>${small}</small>`}</span></label>${actions}</th></tr>
${rows}</tbody>
`;

type Pager = {
  /** The name of the list, if a page has several. */
  of?: string;
  previous?: string | undefined;
  next?: string | undefined;
  words?: Piece;
  previousWord?: string;
  nextWord?: string;
};

/** Links to the previous and next page. Pages are found by key, so that they have no numbers. */
export const pager = ({ of, previous, next, words, previousWord = "Previous", nextWord = "Next" }: Pager): Html =>
  previous || next
    ? html`<nav class="pager" aria-label="${of ? `${of}: pages of this list` : "Pages of this list"}">${
        previous &&
        html`<a class="button" rel="prev" href="${previous}"><span aria-hidden="true">‹</span> ${previousWord}</a>`
      }<span class="grow">${words}</span>${
        next && html`<a class="button" rel="next" href="${next}">${nextWord} <span aria-hidden="true">›</span></a>`
      }</nav>`
    : html``;
