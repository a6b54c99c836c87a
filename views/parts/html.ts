/** Markup that may stand in a page as it is. Only `html` makes it, from what it has escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** What may stand in `${…}`. No `true`, no Promise and no plain object: they would print nothing, wait, or say [object Object]. */
export type Piece = string | number | Html | false | null | undefined | readonly Piece[];

/** A template of markup. Everything in `${…}` but Html is escaped. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  let text = strings[0] as string;
  for (let i = 0; i < pieces.length; i++) text += markup(pieces[i]) + (strings[i + 1] as string);
  return new Html(text);
}

function markup(piece: Piece): string {
  if (typeof piece === "string") return escaped(piece);
  if (piece instanceof Html) return piece.text;
  if (typeof piece === "number") return String(piece);
  return Array.isArray(piece) ? piece.map(markup).join("") : "";
}

const special = /[&<>"']/;
const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return special.test(text) ? text.replace(/[&<>"']/g, (character) => entities[character] as string) : text;
}

/** Markup for each of a list. (`list.map(…).join('')` would be text again, and escaped.) */
export function each<T>(list: Iterable<T>, piece: (one: T, index: number) => Html): Html {
  let text = "";
  let index = 0;
  for (const one of list) text += piece(one, index++).text;
  return new Html(text);
}

/** ` name="value"`, its space included, where there is something to say: `true` is the bare name, false and nothing leave it out. */
export function attr(name: string, value: string | number | boolean | null | undefined): Html {
  if (value === undefined || value === null || value === false) return nothing;
  return new Html(value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`);
}

const nothing = new Html("");

export type Attributes = Record<string, string | number | boolean | null | undefined>;

export const attrs = (all: Attributes = {}): Html => each(Object.entries(all), ([name, value]) => attr(name, value));

/** A class attribute of those that hold: `classes('is', kind, wide && 'wide')`. */
export function classes(...names: (string | false | null | undefined)[]): Html {
  const held = names.filter(Boolean);
  return attr("class", held.length > 0 && held.join(" "));
}
