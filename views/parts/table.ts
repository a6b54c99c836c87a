import type { Html, Piece } from "./html.ts";
import { attr, classes, each, html } from "./html.ts";

type Ledger = {
  caption: Piece;
  /** The caption is for who listens only; a heading above says it already. */
  quiet?: boolean | undefined;
  columns: readonly Piece[];
  /** One or more tbody elements, or rows alone. */
  body: Html;
  look?: string | undefined;
};

/** The table everything is written in. On a telephone each row becomes a card, its cells labelled by `cell`. */
export const table = ({ caption, quiet, columns, body, look }: Ledger): Html =>
  html`<table${classes("ledger", look)}><caption${classes(quiet && "sr")}>${caption}</caption>
<thead><tr>${each(columns, (column) => html`<th scope="col">${column}</th>`)}</tr></thead>
${grouped(body) ? body : html`<tbody>${body}</tbody>`}
</table>`;

const grouped = ({ text }: Html): boolean => /^\s*<tbody/.test(text);

export const cell = (label: string, content: Piece): Html => html`<td data-label="${label}">${content}</td>`;

export const rowHead = (content: Piece): Html => html`<th scope="row">${content}</th>`;

export const row = (cells: Piece, look?: string): Html => html`<tr${classes(look)}>${cells}</tr>
`;

/** A tbody under a heading of its own. */
export const group = (heading: Piece, span: number, rows: Piece, small?: Piece): Html =>
  html`<tbody><tr class="group"><th scope="rowgroup" colspan="${span}"><span>${heading}${small && html` <small>${small}</small>`}</span></th></tr>
${rows}</tbody>
`;

/** The same, folding away: a checkbox in the heading hides the rows by the stylesheet alone, so it needs no script. */
export const foldingGroup = (heading: Piece, span: number, rows: Piece, small?: Piece, folded?: boolean): Html =>
  html`<tbody><tr class="group"><th scope="rowgroup" colspan="${span}"><label class="fold-label"><input type="checkbox" class="fold-box"${attr("checked", folded)}><span class="sr">Fold </span><span>${heading}${small && html` <small>${small}</small>`}</span></label></th></tr>
${rows}</tbody>
`;

type Pager = {
  /** What it pages, where a page has several lists. */
  of?: string;
  previous?: string | undefined;
  next?: string | undefined;
  words?: Piece;
  previousWord?: string;
  nextWord?: string;
};

/** Links to the page before and after; paging goes by key, so there are no numbers. */
export const pager = ({ of, previous, next, words, previousWord = "Before", nextWord = "After" }: Pager): Html =>
  previous || next
    ? html`<nav class="pager" aria-label="${of ? `${of}: pages of this list` : "Pages of this list"}">${
        previous &&
        html`<a class="button" rel="prev" href="${previous}"><span aria-hidden="true">‹</span> ${previousWord}</a>`
      }<span class="grow">${words}</span>${
        next && html`<a class="button" rel="next" href="${next}">${nextWord} <span aria-hidden="true">›</span></a>`
      }</nav>`
    : html``;
