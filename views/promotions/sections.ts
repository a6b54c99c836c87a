import type { ContentChange } from "../../src/promotions/assessment.ts";
import type { ReviewPosition, ReviewSection } from "../../src/promotions/review-sections.ts";
import { formatCount } from "../../src/text.ts";
import { button } from "../parts/button.ts";
import { each, type Html, html } from "../parts/html.ts";
import { sectionHeading } from "../parts/placement.ts";
import { type StatusKind, statusBadge } from "../parts/status-badge.ts";
import { cell, foldingGroup, pager, row, rowHead, table } from "../parts/table.ts";
import { changeRequest, links, pathAndNotes, type ReviewProps, textLink, tick, versions } from "./changes.ts";
import { changesInWords } from "./words.ts";

type Props = ReviewProps & { sections: ReviewSection[] };

/** The address of a part of the page's list, after its path: `?section=/sale&from=…`; empty for all sections. */
export function positionQuery({ section, from }: ReviewPosition): string {
  if (section === undefined) return "";
  const start = from ? `&from=${encodeURIComponent(from)}` : "";
  return `?section=/${encodeURIComponent(section)}${start}`;
}

/** The ids of what a saved tick changes besides the sentence at the top: the counts of the open sections. */
export const countIds = (sections: ReviewSection[]): string[] =>
  sections.flatMap(({ open }, i) => (open ? [`#count-${i}`] : []));

const columns = ["Page", "Change", "Open", "Reviewed"];

/** Many pages to review: a table by section, in which each section can be opened, and marked as reviewed as a whole. */
export const sectionTable = (props: Props): Html =>
  html`<div id="changes">${props.promotion.open && saveFirst(props)}${table({
    caption: "Pages to review, by section",
    quiet: true,
    columns,
    look: "changes",
    groups: each(props.sections, (section, i) => sectionRows(props, section, i)),
  })}</div>`;

/** The first button of a form is the one that Enter on a checkbox presses, which must not mark a section. */
const saveFirst = (props: Props): Html =>
  html`<button type="submit" hidden formaction="${looks(props)}">Save what is reviewed</button>`;

const base = ({ site, promotion }: Props) => `/sites/${site.slug}/promotions/${promotion.number}`;

const looks = (props: Props) => `${base(props)}/looks${positionQuery(props.position)}`;

function sectionRows(props: Props, section: ReviewSection, i: number): Html {
  const { changes, pages, open } = section;
  const name = sectionHeading({ kind: "page", section: section.section });
  const small = changesInWords(changes);
  const actions = reviewState(props, section, i);
  const rows = html`${each(pages, (page) => pageRow(props, page))}${parts(props, section)}`;
  if (open && props.sections.every((other) => other.open))
    return foldingGroup(name, columns.length, rows, small, {
      folded: changes.reviewed === changes.toReview && props.sections.length > 1,
      actions,
    });
  // the rows of a folded section are only loaded when it is opened; the form around them knows which are shown
  const list = props.promotion.open ? "#verdict" : "#changes";
  const href = `${base(props)}${open ? "" : positionQuery({ section: section.section })}#section-${i}`;
  return html`<tbody><tr class="group${open ? "" : " folded"}"><th scope="rowgroup" colspan="${columns.length}" id="section-${i}"><a href="${href}" id="open-${i}" aria-label="${open ? "Close" : "Open"} ${name}" hx-get="${href}" hx-target="${list}" hx-select="${list}" hx-swap="outerHTML" hx-push-url="true">${name}</a> <small>${small}</small>${actions}</th></tr>
${rows}</tbody>
`;
}

/** How much of it is reviewed, and a button that marks all of it, or takes that back. */
function reviewState(props: Props, { section, changes: { reviewed, toReview } }: ReviewSection, i: number): Html {
  const { promotion } = props;
  const count = html`${formatCount(reviewed)} of ${formatCount(toReview)} reviewed`;
  const done = reviewed === toReview;
  const words = done ? statusBadge("approved", count) : count;
  if (!promotion.open) return html`<span class="section-state" id="count-${i}">${reviewed > 0 && words}</span>`;
  const action = looks(props);
  return html`<span class="section-state" id="count-${i}">${words} ${button({
    text: html`Mark section as ${done && "not "}reviewed<span class="sr">: ${sectionHeading({ kind: "page", section })}</span>`,
    look: "plain",
    name: done ? "unmark" : "mark",
    value: `/${section}`,
    more: {
      id: `mark-${i}`,
      formaction: `${action}#section-${i}`,
      "hx-post": action,
      "hx-target": "#verdict",
      "hx-select": "#verdict",
      "hx-swap": "outerHTML",
      "hx-select-oob": "#reviewed,#progress",
      "hx-status:4xx": "target:.reviewing select:.reviewing",
    },
  })}</span>`;
}

const badges: Record<ContentChange["change"], [StatusKind, string]> = {
  new: ["added", "new"],
  changed: ["changed", "changed"],
  removed: ["removed", "removed"],
  unapproved: ["band", "already there"],
  same: ["same", "same"],
};

function pageRow(props: Props, page: ContentChange): Html {
  const [status, word] = badges[page.change];
  return row(
    html`${rowHead(html`<bdi>${page.title ?? page.key}</bdi>${pathAndNotes(props, page)}`)}${cell("Change", html`${statusBadge(status, word)} ${versions(page)}`)}${cell("Open", html`<span class="see">${links(props, page)}${textLink(props, page)}</span>${changeRequest(props, page)}`)}${cell("Reviewed", tick(props, page))}`,
  );
}

/** Links to the parts of a section with very many pages. */
function parts(props: Props, { section, previous, next }: ReviewSection): Html | undefined {
  if (!previous && !next) return;
  const link = (from: string | undefined) => from && `${base(props)}${positionQuery({ section, from })}`;
  const links = { previous: link(previous), next: link(next), previousWord: "Previous pages", nextWord: "More pages" };
  return html`<tr><td colspan="${columns.length}">${pager(links)}</td></tr>
`;
}
