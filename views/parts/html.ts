type Part = string | Uint8Array;

/** Markup that may stand in a page as it is. Only `html` makes it, from what it has escaped. */
export class Html {
  /** Text, and between it what was made before and is kept as bytes. */
  readonly parts: readonly Part[];
  constructor(...parts: Part[]) {
    this.parts = parts;
  }
  toString(): string {
    return this.parts.map((part) => (typeof part === "string" ? part : Buffer.from(part).toString())).join("");
  }
  /** As UTF-8. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return Buffer.concat(this.parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  }
}

/** What may stand in `${…}`. No `true`, no Promise and no plain object: they would print nothing, wait, or say [object Object]. */
export type Piece = string | number | Html | false | null | undefined | readonly Piece[];

/** A template of markup. Everything in `${…}` but Html is escaped. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  const made = new Writing(strings[0] as string);
  for (let i = 0; i < pieces.length; i++) {
    made.add(pieces[i]);
    made.text += strings[i + 1] as string;
  }
  return made.end();
}

/** Markup as it comes about: text that grows, after what cannot be joined with it. */
class Writing {
  text: string;
  readonly #before: Part[] = [];
  constructor(text: string) {
    this.text = text;
  }

  add(piece: Piece): void {
    if (typeof piece === "string") this.text += escaped(piece);
    else if (piece instanceof Html) this.#addMarkup(piece.parts);
    else if (typeof piece === "number") this.text += piece;
    else if (Array.isArray(piece)) for (const one of piece) this.add(one);
  }

  #addMarkup(parts: readonly Part[]): void {
    for (const part of parts)
      if (typeof part === "string") this.text += part;
      else {
        this.#before.push(this.text, part);
        this.text = "";
      }
  }

  end(): Html {
    return this.#before.length ? new Html(...this.#before, this.text) : new Html(this.text);
  }
}

const special = /[&<>"']/;
const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return special.test(text) ? text.replace(/[&<>"']/g, (character) => entities[character] as string) : text;
}

/** Markup for each of a list. (`list.map(…).join('')` would be text again, and escaped.) */
export function each<T>(list: Iterable<T>, piece: (one: T, index: number) => Html): Html {
  const made = new Writing("");
  let index = 0;
  for (const one of list) made.add(piece(one, index++));
  return made.end();
}

const kept = new WeakMap<object, Map<string, Html>>();

/**
 * Markup of something that stays as it is for as long as it is the same object: made once, and kept with it as bytes.
 * `way` names all else that it depends on.
 */
export function once(of: object, way: string, make: () => Html): Html {
  const known = kept.get(of) ?? new Map<string, Html>();
  kept.set(of, known);
  const before = known.get(way);
  if (before) return before;
  const made = new Html(make().toBytes());
  known.set(way, made);
  return made;
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
