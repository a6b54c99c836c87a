/** Safe markup. Only `html` and the functions here create it, and they escape all text. */
export class Html {
  /** The markup before `end`, in parts: one string of a megabyte takes longer to allocate than its parts to create. */
  readonly before: readonly string[];
  readonly end: string;
  constructor(end: string, before: readonly string[] = noParts) {
    this.end = end;
    this.before = before;
  }
  get text(): string {
    return this.before.join("") + this.end;
  }
  toString(): string {
    return this.text;
  }
}

const noParts: readonly string[] = [];

/** The length from which a list is kept in parts, in characters. */
const partLength = 16_000;

/** What can be used in `${…}`. Not `true`, a Promise or a plain object, which would be printed by mistake. */
export type Piece = string | number | Html | false | null | undefined | readonly Piece[];

/**
 * A template of markup. Everything in `${…}` except Html is escaped; and words from right to left, such as a Hebrew name,
 * are isolated with <bdi>, so that they do not reorder the words around them.
 */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  let text = strings[0] as string;
  let before = noParts;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece instanceof Html && piece.before.length > 0) {
      before = [...before, text, ...piece.before];
      text = piece.end;
    } else text += markup(piece, strings, i);
    text += strings[i + 1] as string;
  }
  return new Html(text, before);
}

/** The markup of the i-th piece of a template. */
function markup(piece: Piece, strings: TemplateStringsArray, i: number): string {
  if (typeof piece === "string")
    return hasRightToLeft.test(piece) && isAmongWords(strings, i) ? withIsolates(piece) : escapeHtml(piece);
  if (piece instanceof Html) return piece.text;
  if (typeof piece === "number") return String(piece);
  return Array.isArray(piece) ? piece.map((part) => markup(part, strings, i)).join("") : "";
}

/** These isolate their text already, or show no elements in it. */
const isolating = /^<(?:bdi|title|option|textarea|text|style)\b/;

/** Whether the i-th piece of a template is text among other text, and not an attribute. */
function isAmongWords(strings: TemplateStringsArray, i: number): boolean {
  const before = strings.slice(0, i + 1).join("");
  const tag = before.lastIndexOf("<");
  if (tag < 0) return !/="[^"]*$/.test(before);
  return before.includes(">", tag) && !isolating.test(before.slice(tag));
}

const rtl = String.raw`[\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Adlm}]`;

const hasRightToLeft = new RegExp(rtl, "u");

/** Words from right to left, with what is between them. */
const rightToLeft = new RegExp(String.raw`((?:${rtl}[^\p{L}]*(?=${rtl}))*${rtl})`, "u");

const withIsolates = (text: string): string =>
  text
    .split(rightToLeft)
    .map((part, i) => (i % 2 ? `<bdi>${escapeHtml(part)}</bdi>` : escapeHtml(part)))
    .join("");

const special = /[&<>"']/;
const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text: string): string {
  return special.test(text) ? text.replace(/[&<>"']/g, (character) => entities[character] as string) : text;
}

/** Text that is escaped and otherwise as it is, for programs that compare the markup. */
export const verbatim = (text: string): Html => new Html(escapeHtml(text));

/** Markup for each item of a list. (`list.map(…).join('')` would be text again, and be escaped.) */
export function each<T>(list: Iterable<T>, render: (item: T, index: number) => Html): Html {
  let text = "";
  const before: string[] = [];
  let index = 0;
  for (const item of list) {
    const piece = render(item, index++);
    if (piece.before.length > 0) {
      before.push(text, ...piece.before);
      text = "";
    }
    text += piece.end;
    if (text.length > partLength) {
      before.push(text);
      text = "";
    }
  }
  return new Html(text, before);
}

/** The same words for a place that shows no elements, such as a page's title. (Text and values contain no `<` or `>`.) */
export const withoutMarkup = (markup: Html): Html => new Html(markup.text.replace(/<[^>]*>/g, ""));

/** "A, B and C" as markup. */
export const eachWithAnd = (pieces: Html[]): Html =>
  each(pieces, (piece, i) => html`${i > 0 && (i === pieces.length - 1 ? " and " : ", ")}${piece}`);

/** ` name="value"` with its space. `true` becomes the bare name; false, null and undefined leave the attribute out. */
export function attr(name: string, value: string | number | boolean | null | undefined): Html {
  if (value === undefined || value === null || value === false) return noMarkup;
  return new Html(value === true ? ` ${name}` : ` ${name}="${escapeHtml(String(value))}"`);
}

const noMarkup = new Html("");

export type Attributes = Record<string, string | number | boolean | null | undefined>;

export const attrs = (all: Attributes = {}): Html => each(Object.entries(all), ([name, value]) => attr(name, value));

/** A class attribute of the names that are not empty: `classes('is', kind, wide && 'wide')`. */
export function classes(...names: (string | false | null | undefined)[]): Html {
  const present = names.filter(Boolean);
  return attr("class", present.length > 0 && present.join(" "));
}

/** The markup as UTF-8. */
export const bytesOf = ({ before, end }: Html): Uint8Array<ArrayBuffer> =>
  Buffer.concat([...before, end].map((part) => Buffer.from(part)));

/** The markup with this field at the start of each form that is posted. (Text and values contain no `<` or `>`.) */
export function inPostForms({ before, end }: Html, field: Html): Html {
  const add = (part: string) =>
    part.replace(/<form [^>]*>/g, (form) => (form.includes(' method="post"') ? form + field.text : form));
  return new Html(add(end), before.map(add));
}
