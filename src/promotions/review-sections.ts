import type { ContentChange } from "./assessment.ts";
import { type ChangeCounts, countChanges } from "./change-counts.ts";

/** Up to as many pages are shown as cards, more of them as a table by section. */
const maxCards = 50;

/** How many pages are on one part of the list. If there are more in all, sections are folded. */
const maxPages = 200;

export interface ReviewSection {
  /** The first segment of its pages' paths; empty for the top level. */
  section: string;
  /** Of the whole section, with how many of its pages this person has ticked. */
  changes: ChangeCounts;
  open: boolean;
  /** Those that are shown: one part of them if there are very many, none if it is folded. */
  pages: ContentChange[];
  /** The ids of the pages with which the parts before and after begin. */
  previous?: string | undefined;
  next?: string | undefined;
}

/** What the address asks for: the section to open, and the id of the page with which to begin. */
export interface ReviewPosition {
  section?: string | undefined;
  from?: string | undefined;
}

export interface ReviewPart {
  /** The pages that are shown. */
  pages: ContentChange[];
  /** Undefined if there are few pages, which are shown as cards. */
  sections: ReviewSection[] | undefined;
}

const order = ["new", "changed", "removed", "unapproved"];

/** The pages that a promotion changes, as a list; of many the sections, with the pages of those that are open. */
export function reviewPart(
  contents: ContentChange[],
  ticked: ReadonlySet<string>,
  { section: opened, from }: ReviewPosition,
): ReviewPart {
  const pages = contents
    .filter((content) => content.kind === "page" && content.change !== "same")
    .sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change));
  if (pages.length <= maxCards) return { pages, sections: undefined };
  // the top level is empty, so it comes first
  const bySection = [...Map.groupBy(pages, (page) => page.section)].sort(([a], [b]) => (a < b ? -1 : 1));
  const areOpen = pages.length <= maxPages || bySection.length === 1;
  const sections = bySection.map(([section, own]): ReviewSection => {
    const open = areOpen || section === opened;
    return { section, changes: countTicked(own, ticked), open, ...(open ? partOf(own, from) : { pages: [] }) };
  });
  return { pages: sections.flatMap((section) => section.pages), sections };
}

/** The counts of these contents, with how many pages are ticked. */
export const countTicked = (contents: ContentChange[], ticked: ReadonlySet<string>): ChangeCounts =>
  countChanges(contents.map((one) => ({ ...one, count: 1, reviewed: ticked.has(one.artifact_id) ? 1 : 0 })));

function partOf(pages: ContentChange[], from: string | undefined) {
  const start = Math.max(
    pages.findIndex((page) => page.artifact_id === from),
    0,
  );
  return {
    pages: pages.slice(start, start + maxPages),
    previous: start > 0 ? pages[Math.max(start - maxPages, 0)]?.artifact_id : undefined,
    next: pages[start + maxPages]?.artifact_id,
  };
}
