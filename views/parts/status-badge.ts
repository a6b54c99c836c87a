import type { Html, Piece } from "./html.ts";
import { attr, classes, each, html } from "./html.ts";

/** The states that have a badge. Each has its own icon in the stylesheet; the word alone says the same. */
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
  /** Text after the word, on the board for screen readers only: `ahead`, more ` of demo`. */
  more?: string | undefined;
  /** The same before the word: `approved by ` Marketing. */
  before?: string | undefined;
  href?: string | undefined;
  /** For a sentence that may take several lines. */
  wrap?: boolean | undefined;
  id?: string | undefined;
  /** The tooltip. */
  title?: string | undefined;
};

/** A state as icon, word and colour; a link if there is an address. */
export function statusBadge(
  kind: StatusKind,
  word: Piece,
  { more, before, href, wrap, id, title }: Options = {},
): Html {
  const text = html`${before && html`<span class="more">${before}</span>`}${word}${more && html`<span class="more">${more}</span>`}`;
  const look = html`${classes("is", kind, wrap && "wrap")}${attr("id", id)}${attr("title", title)}`;
  return href ? html`<a${look} href="${href}">${text}</a>` : html`<span${look}>${text}</span>`;
}

const legend: [StatusKind, string, string][] = [
  ["same", "same", "as in the next environment"],
  ["ahead", "ahead", "newer than in the next environment"],
  ["missing", "not on demo", "new, not deployed there yet"],
  ["gone", "still on demo", "removed here, but not there"],
  ["behind", "behind", "older than in the next environment"],
  ["band", "out of band", "deployed without a promotion"],
  ["unknown", "unknown", "never recorded there"],
  ["late", "recorded late", "recorded after it happened"],
  ["corrected", "corrected", "recorded wrongly, and no longer counted"],
  ["waiting", "waiting", "for an approval"],
  ["approved", "Marketing", "approved it"],
  ["rejected", "rejected", "by an approver"],
  ["completed", "completed", "on its target environment"],
  ["cancelled", "cancelled", "ended before completion"],
  ["superseded", "superseded", "replaced by a newer promotion"],
  ["blocked", "blocked", "cannot be completed yet"],
];

/** What each icon means. */
export const statusLegend = (): Html => html`<dl class="icons" data-tier="development">
${each(
  legend,
  ([kind, word, meaning]) => html`<div><dt>${statusBadge(kind, word)}</dt> <dd>${meaning}</dd></div>
`,
)}</dl>`;
