import { countOf, formatCount } from "../text.ts";

interface Inventory {
  environment: string;
  /** How many pages and software items it lists. */
  listed: number;
  /** How many are there, and how many of them it does not list. */
  present: number;
  removed: number;
}

/** A complete list may remove this many without being asked about, or this share of what is there. */
const unasked = { items: 10, share: 1 / 5 };

/**
 * Why a complete list may not remove what it does not list: it is empty, or would remove more than `allowed`. Without
 * `allowed`, up to ten pages and software items, or a fifth of what is there, may be removed.
 */
export function whyNotRemove(inventory: Inventory, allowed: number | undefined): string | undefined {
  const { environment, listed, present, removed } = inventory;
  const most = listed ? Math.max(unasked.items, present * unasked.share) : -1;
  if (removed <= (allowed ?? most)) return;
  if (!removed)
    return `This complete list is empty, and nothing is on ${environment}. List at least one page or software item.`;
  const part =
    removed === present ? `all ${formatCount(removed)}` : `${formatCount(removed)} of ${formatCount(present)}`;
  const all = present === 1 ? "the only page or software item" : `${part} pages and software items`;
  const what = listed ? "This complete list would remove" : "This complete list is empty: it would remove";
  return `${what} ${all} on ${environment}. If that is right, allow ${countOf(removed, "removal")}.`;
}
