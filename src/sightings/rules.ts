/** How a server answered for a page. `unobserved`: what it showed says nothing about the page. */
export type PageOutcome = "shown" | "missing" | "unobserved";

/** How a server showed a page when it was last visited. */
interface Sighting {
  outcome: PageOutcome;
  status: number | null;
  in_sitemap: boolean;
  title: string | null;
  text_digest: string | null;
  /** Since when it is seen so, ISO 8601 UTC. */
  seen_at: string;
}

/** By server, in the order in which they were asked for; undefined: never seen there. */
export type Sightings = (Sighting | undefined)[];

export interface Shown {
  digest: string;
  title: string | null;
  /** Since when all servers are seen to show it. */
  since: string;
}

/** The version label of content that nobody has labelled: the same wherever it is seen. */
export const seenLabel = (digest: string): string => `${seenPrefix}${digest.slice(0, 8)}`;

const seenPrefix = "seen ";

/** Whether a version was named by its content, so that its digest is that of its text. */
export const isSeenLabel = (label: string | null): boolean => label?.startsWith(seenPrefix) ?? false;

/** What all servers show; undefined if any of them shows something else, or does not show the page. */
export function shownByAll(sightings: Sightings): Shown | undefined {
  const digest = sightings[0]?.text_digest;
  if (!digest || !sightings.every((one) => one?.outcome === "shown" && one.text_digest === digest)) return;
  return { digest, title: sightings[0]?.title ?? null, since: latest(sightings) };
}

/** Since when a page is gone from all servers and their sitemaps; undefined if it is not. */
export function goneFromAll(sightings: Sightings): string | undefined {
  return sightings.length && sightings.every((one) => one && isGone(one)) ? latest(sightings) : undefined;
}

/** It is not found, or leads elsewhere. An error of the server does not say that a page is gone. */
const isGone = ({ outcome, status, in_sitemap }: Sighting): boolean =>
  outcome === "missing" && !in_sitemap && (status === null || status < 400 || status === 404 || status === 410);

const latest = (sightings: Sightings): string =>
  sightings
    .map((one) => one?.seen_at ?? "")
    .sort()
    .at(-1) ?? "";

/** A line of a release with the digests by which its version is known where it comes from. */
interface ExpectedPage {
  version_id: string | null;
  digests: string[];
  sightings: Sightings;
}

/** Since when all servers are seen to show all of these pages as expected, and none that are removed; undefined if they do not. */
export function seenAsExpected(pages: ExpectedPage[]): string | undefined {
  const moments = pages.map(({ version_id, digests, sightings }) => {
    if (version_id === null) return goneFromAll(sightings);
    const shown = shownByAll(sightings);
    return shown && digests.includes(shown.digest) ? shown.since : undefined;
  });
  return moments.every((moment) => moment !== undefined) ? moments.toSorted().at(-1) : undefined;
}

/**
 * Since when a server shows something else of a page than at a moment, ISO 8601 UTC; undefined if it shows the same, or that
 * is not known. `looks`: the oldest first; one that could not observe the page says nothing.
 */
export function shownOtherwiseSince(
  looks: Pick<Sighting, "outcome" | "text_digest" | "seen_at">[],
  moment: string,
): string | undefined {
  const good = looks.filter(({ outcome }) => outcome !== "unobserved");
  const then = good.findLast(({ seen_at }) => seen_at <= moment) ?? good[0];
  const now = good.at(-1);
  if (!then || !now || then.text_digest === now.text_digest) return;
  return good[good.findLastIndex(({ text_digest }) => text_digest !== now.text_digest) + 1]?.seen_at;
}
