import type { Attributes, Html, Piece } from "./html.ts";
import { attr, attrs, classes, html } from "./html.ts";

export type Look = "primary" | "danger" | "plain";

type Button = {
  text: Piece;
  look?: Look | undefined;
  name?: string | undefined;
  value?: string | undefined;
  /** Why it is disabled: the sentence is shown beside it. */
  why?: string | undefined;
  /** The id of that sentence, if a page has two disabled buttons with the same name. */
  whyId?: string | undefined;
  /** The id of a sentence elsewhere on the page that says why several buttons are disabled: see `reason`. */
  because?: string | undefined;
  more?: Attributes | undefined;
};

export function button({ text, look, name, value, why, whyId, because, more }: Button): Html {
  const id = whyId ?? `why-${name ?? "not"}${value ? `-${value}` : ""}`;
  const element = html`<button type="submit"${classes(look)}${attr("name", name)}${attr("value", value)}${attr("disabled", Boolean(why ?? because))}${attr("aria-describedby", why ? id : because)}${attrs(more)}>${text}</button>`;
  return why ? html`<span class="refused">${element}<span class="why" id="${id}">${why}</span></span>` : element;
}

/** One reason for several disabled buttons, which refer to it in `because`. */
export const reason = (id: string, text: Piece): Html => html`<p class="reason" id="${id}">${text}</p>`;

/** A link that looks like a button, because it leads to an action. */
export const linkButton = (href: string, text: Piece, look?: Look): Html =>
  html`<a${classes("button", look)} href="${href}">${text}</a>`;

/** A button with its own form. `hidden` are the fields that it sends. */
export const postButton = (action: string, props: Button, hidden: Record<string, string> = {}): Html =>
  html`<form class="inline" method="post" action="${action}">${Object.entries(hidden).map(([name, value]) => hiddenField(name, value))}${button(props)}</form>`;

export const hiddenField = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

/** A button that asks for confirmation, without script: the first press opens the form. `content` has further fields. */
export const confirmButton = (
  opener: Piece,
  question: Piece,
  { action, content, open, ...props }: Button & { action: string; content?: Piece; open?: boolean },
): Html =>
  html`<details class="confirm"${attr("open", open)}><summary${classes("button", props.look)}>${opener}</summary><form method="post" action="${action}"><p>${question}</p>${content}${button(props)}</form></details>`;
