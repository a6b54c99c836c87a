import type { Attributes, Html, Piece } from "./html.ts";
import { attr, attrs, classes, html } from "./html.ts";

export type Look = "primary" | "danger" | "plain";

type Button = {
  text: Piece;
  look?: Look | undefined;
  name?: string | undefined;
  value?: string | undefined;
  /** Why it may not be pressed: the button is disabled and the sentence stands beside it. */
  why?: string | undefined;
  /** An id for that sentence; needed where a page has two refused buttons of one name. */
  whyId?: string | undefined;
  /** The id of a sentence that stands elsewhere and says why not, for buttons refused for one reason: see `reason`. */
  because?: string | undefined;
  more?: Attributes | undefined;
};

export function button({ text, look, name, value, why, whyId, because, more }: Button): Html {
  const id = whyId ?? `why-${name ?? "not"}${value ? `-${value}` : ""}`;
  const made = html`<button type="submit"${classes(look)}${attr("name", name)}${attr("value", value)}${attr("disabled", Boolean(why ?? because))}${attr("aria-describedby", why ? id : because)}${attrs(more)}>${text}</button>`;
  return why ? html`<span class="refused">${made}<span class="why" id="${id}">${why}</span></span>` : made;
}

/** One reason for several refused buttons; they name it in `because`. */
export const reason = (id: string, sentence: Piece): Html => html`<p class="reason" id="${id}">${sentence}</p>`;

/** A link that looks like a button, because it goes where something is done. */
export const linkButton = (href: string, text: Piece, look?: Look): Html =>
  html`<a${classes("button", look)} href="${href}">${text}</a>`;

/** A button with a form of its own. `hidden` are the fields it sends. */
export const postButton = (action: string, made: Button, hidden: Record<string, string> = {}): Html =>
  html`<form class="inline" method="post" action="${action}">${Object.entries(hidden).map(([name, value]) => hiddenField(name, value))}${button(made)}</form>`;

export const hiddenField = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

/** Asks once more before it does something, without script: the first press opens, the second does. `content` holds further fields. */
export const confirmButton = (
  opener: Piece,
  question: Piece,
  { action, content, open, ...made }: Button & { action: string; content?: Piece; open?: boolean },
): Html =>
  html`<details class="confirm"${attr("open", open)}><summary${classes("button", made.look)}>${opener}</summary><form method="post" action="${action}"><p>${question}</p>${content}${button(made)}</form></details>`;
