import type { Gate } from "../access/gates.ts";
import { countOf, formatCount, whyNotText } from "../text.ts";
import type { Decision } from "./rules.ts";

/** `pages`: how many single pages it asks to be changed. */
export function whyNotComment(decision: Decision, comment: string | undefined, pages = 0): string | undefined {
  if (decision === "reject" && !comment?.trim() && !pages)
    return "A rejection needs a comment. Say what is wrong, so that it can be fixed.";
  return whyNotText("A comment", comment, 10_000);
}

/** What is asked once before an approval, if not all pages are ticked as reviewed. */
export function whyNotReviewed(reviewed: number, toReview: number): string | undefined {
  if (reviewed >= toReview) return;
  return `You have reviewed ${formatCount(reviewed)} of ${countOf(toReview, "page")}. Approve anyway, or review the rest first?`;
}

/** Why this person cannot approve it yet, if the gate asks that they review all of it; `toReview` is null for a machine. */
export function whyNotAllReviewed(
  gate: Gate | null,
  reviewed: number | null,
  toReview: number | null,
): string | undefined {
  if (!gate?.all_reviewed || (reviewed ?? 0) >= (toReview ?? 0)) return;
  return `You have reviewed ${formatCount(reviewed ?? 0)} of ${countOf(toReview ?? 0, "page")}. This gate asks that you review all of them before you approve.`;
}

export function whyNotDigest(promotion: { number: number; digest: string }, digest: string): string | undefined {
  if (digest === promotion.digest) return;
  return `This is not what promotion ${promotion.number} contains. Open it again and review its changes before you decide.`;
}

/** `seen`: the digest of what servers show by now. `shown`: that of the page on which the person decided; empty: none. */
export function whyNotSeen(seen: string | undefined, shown: string | undefined): string | undefined {
  if (shown === undefined || shown === (seen ?? "")) return;
  return "The servers show something else by now than what was shown to you. Review it again before you decide.";
}
