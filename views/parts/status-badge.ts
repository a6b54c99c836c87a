import type { Html, Piece } from "./html.ts";
import { attr, classes, each, html } from "./html.ts";

/** How something stands. Each has a shape of its own in the stylesheet; the word says the same without it. */
export type StatusKind =
  | "same"
  | "ahead"
  | "behind"
  | "missing"
  | "gone"
  | "unknown"
  | "band"
  | "late"
  | "blocked"
  | "waiting"
  | "approved"
  | "rejected"
  | "completed"
  | "cancelled"
  | "superseded"
  | "expired"
  | "added"
  | "changed"
  | "removed"
  | "corrected";

type Options = {
  /** What completes the word for who listens: `ahead`, more ` of demo`. */
  more?: string | undefined;
  /** The same, said before the word: `approved by ` Marketing. */
  before?: string | undefined;
  href?: string | undefined;
  /** A sentence that may run over several lines. */
  wrap?: boolean | undefined;
  id?: string | undefined;
  /** What a pointer resting on it is told. */
  title?: string | undefined;
};

/** A standing: shape, word, colour; a link where there is somewhere to go. */
export function statusBadge(
  standing: StatusKind,
  word: Piece,
  { more, before, href, wrap, id, title }: Options = {},
): Html {
  const text = html`${before && html`<span class="more">${before}</span>`}${word}${more && html`<span class="more">${more}</span>`}`;
  const look = html`${classes("is", standing, wrap && "wrap")}${attr("id", id)}${attr("title", title)}`;
  return href ? html`<a${look} href="${href}">${text}</a>` : html`<span${look}>${text}</span>`;
}

const SIGNS: [StatusKind, string, string][] = [
  ["same", "same", "as the next environment"],
  ["ahead", "ahead", "newer than the next one"],
  ["missing", "not on demo", "new, it has yet to arrive"],
  ["gone", "still on demo", "removed here, not there"],
  ["behind", "behind", "the next one is newer"],
  ["band", "out of band", "no promotion brought it"],
  ["unknown", "unknown", "never recorded there"],
  ["late", "told later", "recorded after it was so"],
  ["corrected", "corrected", "was recorded wrongly, and counts no more"],
  ["waiting", "waiting", "for somebody’s approval"],
  ["approved", "Marketing", "approved it"],
  ["rejected", "rejected", "somebody said no"],
  ["completed", "completed", "it has arrived"],
  ["cancelled", "cancelled", "taken back before it was done"],
  ["superseded", "superseded", "a newer promotion took its place"],
  ["blocked", "not yet", "something stands in the way"],
];

/** The key to the signs. */
export const statusLegend = (): Html => html`<dl class="signs" data-tier="development">
${each(
  SIGNS,
  ([standing, word, meaning]) => html`<div><dt>${statusBadge(standing, word)}</dt> <dd>${meaning}</dd></div>
`,
)}</dl>`;
