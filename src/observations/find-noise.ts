import { sha256 } from "../database/ids.ts";
import { type Noise, placeOf, type View } from "./view.ts";

/** What differs between two requests for a page, with what was seen there. */
export interface FoundNoise extends Noise {
  example: string;
}

/** With more of it, a page says nothing. */
export const maxNoise = 100;

export const allNoise = "It shows something else at each request.";

/** Places with longer names are not told apart: what is around them is one. */
const maxPlaceLength = 1000;

/** What is noise of a page, by two views of it from requests shortly after each other, both without what is known. */
export function noiseBetween(before: View, after: View): FoundNoise[] {
  return [...betweenElements(before, after, "")];
}

function* betweenElements(before: View, after: View, place: string): Generator<FoundNoise> {
  if (ownText(before) !== ownText(after)) yield { kind: "words", place, example: exampleOf(ownText(before)) };
  if (before.address !== after.address || before.alt !== after.alt)
    yield { kind: "address", place, example: exampleOf(before.address ?? before.alt ?? "") };
  const [children, others] = [numbered(before, place), numbered(after, place)];
  yield* before.unordered ? betweenUnordered(children, others, place) : betweenChildren(children, others, place);
}

type Numbered = { view: View; place: string; contents: string };

const numbered = ({ children }: View, place: string): Numbered[] => {
  const numbers = new Map<string, number>();
  return children
    .filter((child) => typeof child !== "string")
    .map((view) => ({ view, place: placeOf(place, view.name, numbers), contents: sha256(JSON.stringify(view)) }));
};

function* betweenChildren(before: Numbered[], after: Numbered[], place: string): Generator<FoundNoise> {
  if (isSame(before, after)) return;
  const [alone, othersAlone] = [without(before, after), without(after, before)];
  const isMoved = !isSame(without(before, alone), without(after, othersAlone));
  if (isMoved) yield { kind: "order", place, example: exampleOf(textOf(before[0]?.view)) };
  const others = new Map(after.map((child) => [child.place, child]));
  const uneven = namesOfUneven(before, after);
  for (const [name, view] of uneven)
    yield { kind: "presence", place: `${place}/${name}`, example: exampleOf(textOf(view)) };
  const paired = before.filter(({ view }) => !uneven.has(view.name));
  for (const { view, place, contents } of isMoved ? paired.filter((child) => alone.includes(child)) : paired) {
    const other = others.get(place);
    if (other && other.contents !== contents) yield* betweenPair(view, other.view, place);
  }
  const rest = after.filter(({ view }) => !uneven.has(view.name));
  if (!isMoved && paired.some((child, i) => child.place !== rest[i]?.place))
    yield { kind: "order", place, example: exampleOf(textOf(paired[0]?.view)) };
}

/** Their numbers say nothing: those that only one view has come and go. */
function* betweenUnordered(before: Numbered[], after: Numbered[], place: string): Generator<FoundNoise> {
  const [first, second] = [before, after].map((list) => new Set(list.map(({ contents }) => contents)));
  const alone = [
    ...before.filter(({ contents }) => !second?.has(contents)),
    ...after.filter(({ contents }) => !first?.has(contents)),
  ];
  for (const [name, view] of new Map(alone.map(({ view }) => [view.name, view])))
    yield { kind: "presence", place: `${place}/${name}`, example: exampleOf(textOf(view)) };
}

/** An element of which most differs is noise as a whole. */
function* betweenPair(before: View, after: View, place: string): Generator<FoundNoise> {
  const found = [...betweenElements(before, after, place)];
  const isOther = found.length >= 3 && found.length * 2 >= piecesOf(before);
  if (isOther || found.some((one) => one.place.length > maxPlaceLength))
    yield { kind: "content", place, example: exampleOf(textOf(before)) };
  else yield* found;
}

/** Those of which the others have no equal. */
function without(children: Numbered[], others: Numbered[]): Numbered[] {
  const left = new Map<string, number>();
  for (const { contents } of others) left.set(contents, (left.get(contents) ?? 0) + 1);
  return children.filter(({ contents }) => {
    const count = left.get(contents) ?? 0;
    left.set(contents, count - 1);
    return count <= 0;
  });
}

const isSame = (before: Numbered[], after: Numbered[]): boolean =>
  before.length === after.length && before.every(({ contents }, i) => contents === after[i]?.contents);

/** The names of which one view has more children than the other, with one of these. */
function namesOfUneven(before: Numbered[], after: Numbered[]): Map<string, View> {
  const places = [before, after].map((children) => new Map(children.map(({ place, view }) => [place, view])));
  const [first, second] = places as [Map<string, View>, Map<string, View>];
  const alone = [
    ...[...first].filter(([place]) => !second.has(place)),
    ...[...second].filter(([place]) => !first.has(place)),
  ];
  return new Map(alone.map(([, view]) => [view.name, view]));
}

const ownText = ({ children }: View): string => normal(children.filter((child) => typeof child === "string").join(" "));

const textOf = (view: View | undefined): string =>
  view
    ? [view.alt ?? "", ...view.children.map((child) => (typeof child === "string" ? child : textOf(child)))].join(" ")
    : "";

const piecesOf = (view: View): number =>
  [ownText(view), view.address, view.alt].filter(Boolean).length +
  view.children.reduce((sum, child) => sum + (typeof child === "string" ? 0 : piecesOf(child)), 0);

const normal = (text: string): string => text.replace(/\s+/g, " ").trim();

const exampleOf = (text: string): string => normal(text).slice(0, 200).toWellFormed();
