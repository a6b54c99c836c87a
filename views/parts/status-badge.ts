import type { Html, Piece } from "./html.ts";
import { attr, classes, each, html } from "./html.ts";

/** Each status has its own shape in the stylesheet; its word has the same meaning without it. */
export type StatusKind =
  | "same"
  | "ahead"
  | "behind"
  | "missing"
  | "gone"
  | "unknown"
  | "band"
  | "baseline"
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
  /** What follows the word for screen readers: ` of demo` after `ahead`. */
  more?: Piece;
  /** The same before the word: `approved by ` before `Marketing`. */
  before?: string | undefined;
  href?: string | undefined;
  /** For a sentence that can need several lines. */
  wrap?: boolean | undefined;
  id?: string | undefined;
  /** The tooltip. */
  title?: string | undefined;
};

/** A status: shape, word and colour; a link if it has an address. */
export function statusBadge(
  status: StatusKind,
  word: Piece,
  { more, before, href, wrap, id, title }: Options = {},
): Html {
  const text = html`${before && html`<span class="more">${before}</span>`}${word}${more && html`<span class="more">${more}</span>`}`;
  const look = html`${classes("is", status, wrap && "wrap")}${attr("id", id)}${attr("title", title)}`;
  return href ? html`<a${look} href="${href}">${text}</a>` : html`<span${look}>${text}</span>`;
}

const legend: [StatusKind, string, string][] = [
  ["same", "same", "as in the next environment"],
  ["ahead", "ahead", "newer than in the next environment"],
  ["missing", "not on demo", "new here, not deployed there yet"],
  ["gone", "still on demo", "removed here, but not there"],
  ["behind", "behind", "older than in the next environment"],
  ["band", "out of band", "not covered by a promotion"],
  ["baseline", "baseline", "was already there when the record began"],
  ["band", "before approval", "was there before it was approved"],
  ["band", "during a freeze", "recorded while the environment was frozen"],
  ["band", "without its gate", "completed in an emergency"],
  ["behind", "rollback", "put back what was there before"],
  ["unknown", "unknown", "nothing recorded for it yet"],
  ["late", "recorded late", "after it happened"],
  ["corrected", "corrected", "was recorded wrongly, no longer counts"],
  ["waiting", "waiting", "for an approval"],
  ["approved", "approved", "by the person named"],
  ["rejected", "rejected", "by an approver"],
  ["completed", "completed", "recorded on the target environment"],
  ["cancelled", "cancelled", "before it was completed"],
  ["superseded", "superseded", "replaced by a newer promotion"],
  ["blocked", "blocked", "not possible yet"],
  ["blocked", "frozen", "takes no promotions at the moment"],
  ["blocked", "drifted", "or missing, unrecorded, …: found on a server"],
];

/** Explains the icons. */
export const statusLegend = (): Html => html`<dl class="icons" data-tier="development">
${each(
  legend,
  ([status, word, meaning]) => html`<div><dt>${statusBadge(status, word)}</dt> <dd>${meaning}</dd></div>
`,
)}</dl>`;
