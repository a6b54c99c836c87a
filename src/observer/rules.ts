import { whyNotRemove } from "../record/removals.ts";
import { goneFromAll, type Shown, type Sightings, shownByAll } from "../sightings/rules.ts";
import { countOf, formatCount } from "../text.ts";

/** What the record says about a page of an environment. */
export interface RecordedPage {
  version_id: string | null;
  effective_at: string;
  /** By which its version is known, wherever that was seen. */
  digests: string[];
}

/** A page that shows something else than the record since a moment, ISO 8601 UTC. */
export interface ChangedPage {
  key: string;
  /** Null: it is gone. */
  shown: Shown | null;
  since: string;
}

/**
 * What the servers of an environment show that is not in its record. A page that is gone counts once that was seen before
 * this visit began.
 */
export function changedPages(
  sightings: Map<string, Sightings>,
  recorded: Map<string, RecordedPage>,
  visitBeganAt: string,
): ChangedPage[] {
  return [...sightings].flatMap(([key, seen]): ChangedPage[] => {
    const page = recorded.get(key);
    const shown = shownByAll(seen);
    if (shown) return isNews(page, shown) ? [{ key, shown, since: shown.since }] : [];
    const since = goneFromAll(seen);
    if (!since || !page?.version_id) return [];
    return since < visitBeganAt && since > page.effective_at ? [{ key, shown: null, since }] : [];
  });
}

/**
 * What was recorded after a page changed last is what people know better. A version that was never seen is unknown, so
 * that this may be it.
 */
function isNews(page: RecordedPage | undefined, { digest, since }: Shown): boolean {
  if (!page) return true;
  if (page.version_id !== null && (!page.digests.length || page.digests.includes(digest))) return false;
  return since > page.effective_at;
}

/** Why so many pages are not recorded as removed by themselves. */
export function whyNotRemoveSeen(
  { name }: { name: string },
  { present, removed }: { present: number; removed: number },
): string | undefined {
  const isMuch = whyNotRemove({ environment: name, listed: 1, present, removed }, undefined);
  return (
    isMuch &&
    `${formatCount(removed)} of ${countOf(present, "page")} are gone from ${name}. So many are not recorded as removed without being asked: check its servers, or record the removals.`
  );
}

interface Look {
  outcome: string;
  seen_at: string;
}

/**
 * When a page was last seen otherwise than now: when the visit before began, or, if it could not be observed then, when it
 * was last known to change. `earlier`: what was seen before, the oldest first.
 */
export function seenOtherwiseAt(earlier: Look[], visitBefore: string | undefined): string | undefined {
  const last = earlier.findLastIndex(({ outcome }) => outcome !== "unobserved");
  return last < earlier.length - 1 ? earlier[last]?.seen_at : visitBefore;
}
