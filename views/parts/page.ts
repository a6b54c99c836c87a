import { formatCount } from "../../src/text.ts";
import type { Attributes, Html, Piece } from "./html.ts";
import { attr, attrs, classes, each, html } from "./html.ts";
import { statusBadge } from "./status-badge.ts";

type Head = {
  title: Piece;
  /** The small line above the title: what the page belongs to. */
  over?: readonly Piece[] | undefined;
  /** The sentence under the title; `lead` is a larger one. */
  under?: Piece;
  lead?: Piece;
  /** Buttons and links on the right. */
  actions?: Piece;
};

export const head = ({ title, over, under, lead, actions }: Head): Html =>
  html`<div class="head"><div>${
    over && html`<p class="over">${each(over.filter(Boolean), (piece) => html`<span>${piece}</span>`)}</p>`
  }
<h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}${under && html`<p>${under}</p>`}</div>${
    actions && html`<div class="actions">${actions}</div>`
  }</div>
`;

/** A notice across the page. */
export const note = (
  text: Piece,
  { kind, tier, actions }: { kind?: "done" | "bad"; tier?: string; actions?: Piece } = {},
): Html =>
  html`<div${classes("note", kind)}${attr("data-tier", tier)}><span>${text}</span>${actions && html`<span class="ways">${actions}</span>`}</div>
`;

export const fold = (
  summary: Piece,
  content: Piece,
  { small, open, id }: { small?: Piece; open?: boolean; id?: string } = {},
): Html =>
  html`<details class="fold"${attr("id", id)}${attr("open", open)}><summary>${summary}${small && html` <small>${small}</small>`}</summary>${content}</details>
`;

/** Terms with their values; those without a value are left out. */
export const facts = (list: readonly (readonly [Piece, Piece])[]): Html =>
  html`<dl class="facts">${each(
    list.filter(([, value]) => value),
    ([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`,
  )}</dl>`;

/** A section in the side column. */
export const panel = (id: string, heading: Piece, content: Piece): Html =>
  html`<section class="panel" aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>${content}</section>
`;

/** Two columns: the content, and information about it. */
export const split = (content: Piece, beside: Piece): Html =>
  html`<div class="split"><div>${content}</div><div>${beside}</div></div>`;

/** A bar that stays at the bottom of the window. With an id a skip link can lead to it. */
export const bar = (content: Piece, look?: string, id?: string): Html =>
  html`<div${classes("bar", look)}${id !== undefined && html` id="${id}" tabindex="-1"`}>${content}</div>`;

/** Filters as links, each with the number of rows that it would show. */
export const chips = (
  label: string,
  list: readonly {
    href: string;
    text: Piece;
    count?: number | string | undefined;
    current?: boolean | undefined;
    /** A button that submits the form around it to this address. */
    submits?: boolean | undefined;
    more?: Attributes;
  }[],
): Html =>
  html`<nav class="chips" aria-label="${label}">${each(list, (chip) => {
    const content = html`${chip.text}${chip.count !== undefined && html` <b>${typeof chip.count === "number" ? formatCount(chip.count) : chip.count}</b>`}`;
    const more = html`${attr("aria-current", chip.current && "true")}${attrs(chip.more)}`;
    return chip.submits
      ? html`<button type="submit" formaction="${chip.href}"${more}>${content}</button>`
      : html`<a href="${chip.href}"${more}>${content}</a>`;
  })}</nav>
`;

/** The blockers, each as a sentence. */
export const blockers = (list: readonly { code: string; message: Piece }[]): Html =>
  html`<ul class="steps">${each(list, ({ message }) => html`<li>${statusBadge("blocked", message, { wrap: true })}</li>`)}</ul>`;

/** Shown in place of an empty list, with what to do about it. */
export const empty = (text: Piece, action?: Piece): Html => html`<div class="empty"><p>${text}</p>${action}</div>`;
