import { html as hono, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Html = HtmlEscapedString;

/** What may stand in `${…}`. No `true`, no Promise and no plain object: the template would print nothing, wait, or say [object Object]. */
export type Piece = string | number | Html | false | null | undefined | readonly Piece[];

/** Hono's template with its values typed, so that what it would get wrong does not compile. Everything but Html is escaped. */
export const html = hono as (strings: TemplateStringsArray, ...values: Piece[]) => Html;

/** Markup for each of a list. (`list.map(…).join('')` would be text again, and escaped.) */
export const each = <T>(list: Iterable<T>, piece: (one: T, index: number) => Html): Html =>
  raw(Array.from(list, (one, index) => String(piece(one, index))).join(""));

/** ` name="value"`, its space included, where there is something to say: `true` is the bare name, false and nothing leave it out. */
export function attr(name: string, value: string | number | boolean | null | undefined): Html {
  if (value === undefined || value === null || value === false) return raw("");
  return value === true ? raw(` ${name}`) : html` ${raw(name)}="${value}"`;
}

export type Attributes = Record<string, string | number | boolean | null | undefined>;

export const attrs = (all: Attributes = {}): Html => each(Object.entries(all), ([name, value]) => attr(name, value));

/** A class attribute of those that hold: `classes('is', kind, wide && 'wide')`. */
export function classes(...names: (string | false | null | undefined)[]): Html {
  const held = names.filter(Boolean);
  return attr("class", held.length > 0 && held.join(" "));
}
