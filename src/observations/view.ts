import { compile, selectAll } from "css-select";
import { type ChildNode, type Element, isTag, isText, type ParentNode } from "domhandler";
import { parseDocument } from "htmlparser2";
import { RE2JS } from "re2js";
import { compareText } from "../text.ts";

/** Something of a page that says nothing, as `learned_noise` has it. */
export interface Noise {
  kind: "words" | "address" | "content" | "order" | "presence";
  place: string;
}

export interface Mask {
  kind: "selector" | "pattern";
  expression: string;
}

/** What is left out of a page before it is compared. `key`: two filters with the same leave out the same. */
export interface Filter {
  key: string;
  /** What says nothing at a place. */
  noiseAt(place: string): ReadonlySet<Noise["kind"]>;
  /** Whether anything says nothing there or below. */
  hasNoiseIn(place: string): boolean;
  selectors: ReturnType<typeof compile<ChildNode, Element>>[];
  patterns: RE2JS[];
}

/** Throws what the libraries throw for a wrong expression: see `whyNotMask`. */
export function filterOf(masks: Mask[], noise: Noise[]): Filter {
  const places = new Set(noise.map(({ kind, place }) => `${kind} ${place}`));
  const byPlace = new Map<string, Set<Noise["kind"]>>();
  for (const { kind, place } of noise) byPlace.set(place, (byPlace.get(place) ?? new Set()).add(kind));
  const around = new Set([...byPlace.keys()].flatMap(placesAround));
  const expressions = (kind: Mask["kind"]) =>
    masks.filter((mask) => mask.kind === kind).map(({ expression }) => expression);
  return {
    key: JSON.stringify([expressions("selector").sort(), expressions("pattern").sort(), [...places].sort()]),
    noiseAt: (place) => byPlace.get(place) ?? noNoise,
    hasNoiseIn: (place) => around.has(place),
    selectors: expressions("selector").map((selector) => compile<ChildNode, Element>(selector)),
    patterns: expressions("pattern").map((pattern) => RE2JS.compile(pattern)),
  };
}

/** A place with all those that it is in. */
const placesAround = (place: string): string[] =>
  place ? [place, ...placesAround(place.slice(0, place.lastIndexOf("/")))] : [place];

const noNoise: ReadonlySet<Noise["kind"]> = new Set();

export const noFilter: Filter = filterOf([], []);

/** An element as it is compared. */
export interface View {
  tag: string;
  /** The tag with its classes: by it and its number among those of the same name, a parent's children are told apart. */
  name: string;
  /** Where it leads, or where it loads from. */
  address: string | undefined;
  /** Instead of a picture. */
  alt: string | undefined;
  /** The order of its children says nothing. */
  unordered: boolean;
  children: (View | string)[];
}

/** The content of a page, reduced, as elements without what the filter leaves out. */
export function viewOf(content: string, filter: Filter): View {
  const document = parseDocument(content, { xmlMode: true });
  const masked = new Set<ChildNode>();
  for (const selector of filter.selectors)
    for (const element of selectAll<ChildNode, Element>(selector, document)) masked.add(element);
  const noise = filter.noiseAt("");
  const root = { tag: "", name: "", address: undefined, alt: undefined, unordered: noise.has("order") };
  const place = filter.hasNoiseIn("") ? "" : undefined;
  return { ...root, children: childViews(document, place, noise, { filter, masked }) };
}

interface Context {
  filter: Filter;
  masked: Set<ChildNode>;
}

/** `noise`: what says nothing at the place of the parent. `place`: undefined if nothing below is noise. */
function childViews(
  parent: ParentNode,
  place: string | undefined,
  noise: ReadonlySet<Noise["kind"]>,
  context: Context,
): View["children"] {
  const { filter, masked } = context;
  if (noise.has("content")) return [];
  const numbers = new Map<string, number>();
  const hasText = !noise.has("words");
  const children: View["children"] = [];
  for (const child of parent.children) {
    if (isText(child) && hasText) children.push(child.data);
    if (!isTag(child) || masked.has(child)) continue;
    const name = nameOf(child);
    const childPlace = place === undefined ? undefined : placeOf(place, name, numbers);
    if (childPlace !== undefined && filter.noiseAt(`${place}/${name}`).has("presence")) continue;
    const isNoisy = childPlace !== undefined && filter.hasNoiseIn(childPlace);
    children.push(elementView(child, name, isNoisy ? childPlace : undefined, context));
  }
  return noise.has("order") ? inOrder(children) : children;
}

function elementView(element: Element, name: string, place: string | undefined, context: Context): View {
  const { attribs, name: tag } = element;
  const noise = place === undefined ? noNoise : context.filter.noiseAt(place);
  const isNoise = noise.has("address") || noise.has("content");
  return {
    tag,
    name,
    address: isNoise ? undefined : attribs[addressOf[tag] ?? ""],
    alt: isNoise || tag !== "img" ? undefined : attribs.alt,
    unordered: noise.has("order"),
    children: childViews(element, place, noise, context),
  };
}

const addressOf: Record<string, string> = {
  a: "href",
  area: "href",
  img: "src",
  script: "src",
  iframe: "src",
  frame: "src",
  link: "href",
  form: "action",
  source: "src",
  video: "src",
};

/** "div.teaser.wide", with those classes that look like words: others may differ from one deployment to the next. */
function nameOf({ name, attribs }: Element): string {
  if (!attribs.class) return name.slice(0, 100);
  const words = attribs.class.split(/\s+/).filter((word) => /^[a-z]+([-_]+[a-z]+)*$/i.test(word));
  return [name, ...words].join(".").slice(0, 100);
}

/** "/html[1]/body[1]/div.teaser[2]". `numbers`: how many children of each name the parent had so far. */
export function placeOf(parent: string, name: string, numbers: Map<string, number>): string {
  const number = (numbers.get(name) ?? 0) + 1;
  numbers.set(name, number);
  return `${parent}/${name}[${number}]`;
}

/** The texts of an element, then its children by what they contain. */
function inOrder(children: View["children"]): View["children"] {
  const texts = children.filter((child) => typeof child === "string");
  const views = children
    .filter((child) => typeof child !== "string")
    .map((view) => ({ view, contents: JSON.stringify(view) }))
    .sort((a, b) => compareText(a.contents, b.contents));
  return [...texts, ...views.map(({ view }) => view)];
}
