import type { Tier } from "../schema.ts";
import type { Outcome } from "./rules.ts";

/** What can be found: what it is called, and what to do about it. */
export const findingKinds = {
  server_down: {
    word: "server down",
    advice: "Check the server. Nothing is known about its pages until it answers again.",
  },
  missing: { word: "missing", advice: "Deploy the page again, or record its removal." },
  still_there: { word: "still there", advice: "Take the page off the server, or correct the record." },
  unrecorded: { word: "unrecorded", advice: "Record the page, or take it off the server." },
  drifted: { word: "drifted", advice: "Record what was deployed, or restore what was there." },
  not_as_approved: {
    word: "not as approved",
    advice: "Deploy the approved version, or record the one that is there.",
  },
  not_there_yet: { word: "not there yet", advice: "Deploy the version, or correct the record." },
  noindex: { word: "noindex", advice: "Remove the directive, or search engines will drop the page." },
  title_empty: { word: "no title", advice: "Give the page a title." },
  title_doubled: { word: "same title", advice: "Give each page a title of its own." },
  unobserved: {
    word: "could not be observed",
    advice: "Let Sitebook read the page: an administrator can enter credentials, or say that it is your own site.",
  },
  not_observed_since: {
    word: "not observed for days",
    advice: "Look at the page yourself: its record may be out of date.",
  },
} as const;
export type FindingCode = keyof typeof findingKinds;
export const findingCodes = Object.keys(findingKinds) as [FindingCode, ...FindingCode[]];

/** A page of a server as it was seen last, and what the record says about it. */
export interface SeenPage {
  path: string;
  in_sitemap: boolean;
  /** Whether a link led to it, as links are followed. */
  isLinked: boolean;
  outcome: Outcome;
  reason: string | null;
  /** Null: it is no HTML. */
  title: string | null;
  robots: string | null;
  text_digest: string | null;
  /** Since when it is seen so, ISO 8601 UTC. */
  seen_at: string;
  /** Whether anything was recorded about it in this environment. */
  isRecorded: boolean;
  /** Null: removed, or never recorded. */
  version: string | null;
  /** The digest of this version here, and in the environment before, when it was first seen there. */
  here: string | null;
  before: string | null;
  /** Whether it shows what an earlier version showed here. */
  isOld: boolean;
}

export interface Setting {
  tier: Tier;
  /** Whether anything is recorded for the environment. */
  hasRecord: boolean;
  /** Whether its record is what Sitebook sees: then nothing is unrecorded, and nothing drifts. */
  isObserved: boolean;
  /** The name of the environment before. */
  before: string | undefined;
  /** ISO 8601 UTC. */
  now: string;
}

export interface Found {
  path: string;
  code: FindingCode;
  sentence: string;
}

const longUnobservedMs = 3 * 24 * 3_600_000;

/** What disagrees with the record or with good order on a server, in order of paths. */
export function findingsOf(pages: SeenPage[], setting: Setting): Found[] {
  const byTitle = Map.groupBy(pages.filter(isShown), ({ title }) => title);
  return pages.flatMap((page) => {
    const sentences: Partial<Record<FindingCode, string | undefined>> = {
      ...(page.outcome === "shown" ? onShown(page, setting) : onNotShown(page, setting)),
      title_doubled: doubledTitle(page, byTitle.get(page.title) ?? []),
      ...(setting.isObserved && { unrecorded: undefined, drifted: undefined }),
    };
    return Object.entries(sentences).flatMap(([code, sentence]) =>
      sentence ? [{ path: page.path, code: code as FindingCode, sentence }] : [],
    );
  });
}

const isShown = ({ outcome }: SeenPage): boolean => outcome === "shown";

type Sentences = Partial<Record<FindingCode, string | undefined>>;

function onNotShown(page: SeenPage, { now }: Setting): Sentences {
  if (page.version === null) return {};
  if (page.outcome === "missing") return { missing: page.reason ?? "It is not there." };
  const isLong = Date.parse(now) - Date.parse(page.seen_at) > longUnobservedMs;
  return { [isLong ? "not_observed_since" : "unobserved"]: page.reason ?? "It could not be observed." };
}

function onShown(page: SeenPage, setting: Setting): Sentences {
  const isUnknown = !page.isRecorded && (page.in_sitemap || page.isLinked) && setting.hasRecord;
  const isNoindex = setting.tier === "production" && /\b(noindex|none)\b/.test(page.robots ?? "");
  return {
    still_there:
      page.isRecorded && page.version === null
        ? "It is recorded as removed, and the server still shows it."
        : undefined,
    unrecorded: isUnknown
      ? `${page.in_sitemap ? "The sitemap lists it" : "A link leads to it"}, and nothing is recorded about it.`
      : undefined,
    noindex: isNoindex ? "It tells search engines not to list it." : undefined,
    title_empty: page.title === "" ? "It has no title." : undefined,
    ...(page.version !== null && onContent(page, page.version, setting)),
  };
}

/** What differs from what was seen of its version before. What was never seen is unknown, and no finding. */
function onContent({ text_digest, here, before, isOld }: SeenPage, version: string, setting: Setting): Sentences {
  if (text_digest === before) return {};
  if (here !== null && text_digest !== here)
    return { drifted: `It shows something other than it did as ${version}, and no deployment was recorded since.` };
  if (before === null) return {};
  return isOld
    ? { not_there_yet: `${version} is recorded, and the server still shows what was there before.` }
    : { not_as_approved: `It shows something other than ${setting.before} did for ${version}.` };
}

function doubledTitle(page: SeenPage, alike: SeenPage[]): string | undefined {
  const [other, ...more] = isShown(page) && page.title ? alike.filter(({ path }) => path !== page.path) : [];
  return (
    other &&
    `Its title, “${page.title}”, is also that of ${other.path}${more.length ? ` and ${more.length} more` : ""}.`
  );
}

/** The digest by which a version is known here from now on; undefined if it stays as it is, or cannot be known yet. */
export function learnedDigest({ outcome, version, text_digest, here, before, isOld }: SeenPage): string | undefined {
  if (outcome !== "shown" || version === null || text_digest === null || text_digest === here) return;
  if (text_digest === before || (here === null && !isOld)) return text_digest;
}
