/** Safe markup. Only `html` and the functions here create it, and they escape all text. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** What can be used in `${…}`. Not `true`, a Promise or a plain object, which would be printed by mistake. */
export type Piece = string | number | Html | false | null | undefined | readonly Piece[];

/**
 * A template of markup. Everything in `${…}` except Html is escaped; and words from right to left, such as a Hebrew name,
 * are isolated with <bdi>, so that they do not reorder the words around them.
 */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  let text = strings[0] as string;
  for (let i = 0; i < pieces.length; i++)
    text += markup(pieces[i], () => isAmongWords(strings, i)) + (strings[i + 1] as string);
  return new Html(text);
}

function markup(piece: Piece, amongWords: () => boolean): string {
  if (typeof piece === "string")
    return hasRightToLeft.test(piece) && amongWords() ? withIsolates(piece) : escapeHtml(piece);
  if (piece instanceof Html) return piece.text;
  if (typeof piece === "number") return String(piece);
  return Array.isArray(piece) ? piece.map((part) => markup(part, amongWords)).join("") : "";
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
  let index = 0;
  for (const item of list) text += render(item, index++).text;
  return new Html(text);
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

export const bytesOf = ({ text }: Html): Uint8Array<ArrayBuffer> => Buffer.from(text);

/** The markup as UTF-8, with this field at the start of each form that is posted. (Text and values contain no `<` or `>`.) */
export function inPostForms({ text }: Html, field: Html): Uint8Array<ArrayBuffer> {
  // in bytes, as another long string would first have to be put together
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf("<form "); at >= 0; at = bytes.indexOf("<form ", from)) {
    const end = bytes.indexOf(">", at) + 1;
    parts.push(bytes.subarray(from, end));
    if (bytes.subarray(at, end).includes(' method="post"')) parts.push(Buffer.from(field.text));
    from = end;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}
