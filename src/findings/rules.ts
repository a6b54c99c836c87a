import { isOnServers, locate } from "../intake/addresses.ts";
import type { FindingCode } from "../record/finding-kinds.ts";
import type { Tier } from "../schema.ts";
import type { PageOutcome } from "../sightings/rules.ts";
import { countOf, formatCount } from "../text.ts";
import { whyStale } from "./review-date-rules.ts";

/** A page of a server as it was seen last, and what the record says about it. */
export interface SeenPage {
  path: string;
  in_sitemap: boolean;
  /** Whether a link led to it, as links are followed. */
  isLinked: boolean;
  /** Whether another observer reported it; or it is the start page, where links are followed. */
  isReported: boolean;
  outcome: PageOutcome;
  reason: string | null;
  /** Null: it is no HTML. */
  title: string | null;
  robots: string | null;
  canonical: string | null;
  text_digest: string | null;
  /** When it is to be reviewed: a date, or ISO 8601 UTC. */
  review_at: string | null;
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
  /** Whether search engines are not to list its pages. */
  isHidden: boolean;
  /** By paths of pages: the addresses that they name and that are missing, and those on other environments. */
  links: { broken: Map<string, BrokenLink[]>; elsewhere: Map<string, { address: string }[]> };
  /** The servers of the other environments. */
  elsewhere: { environment: string; base_url: string }[];
  /** The addresses of the servers of its own. */
  own: string[];
  /** ISO 8601 UTC. */
  now: string;
  /** The time zone of the site. */
  zone: string;
}

interface BrokenLink {
  address: string;
  /** As a sentence. */
  problem: string;
}

export interface Found {
  /** Of a page, or the name of a software item; empty: the whole server. */
  path: string;
  code: FindingCode;
  sentence: string;
  /** What it is found in: the digest of the page's text, or the version that the server says. */
  content: string | null;
}

const longUnobservedMs = 3 * 24 * 3_600_000;

/** What disagrees with the record or with good order on a server, in order of paths. */
export function findingsOf(pages: SeenPage[], setting: Setting): Found[] {
  const byTitle = Map.groupBy(pages.filter(isShown), ({ title }) => title);
  const ofPages = pages.flatMap((page) => {
    const sentences: Partial<Record<FindingCode, string | undefined>> = {
      ...(page.outcome === "shown" ? onShown(page, setting) : onNotShown(page, setting)),
      title_doubled: doubledTitle(page, byTitle.get(page.title) ?? []),
      ...(setting.isObserved && { unrecorded: undefined, drifted: undefined }),
    };
    return Object.entries(sentences).flatMap(([code, sentence]) =>
      sentence ? [{ path: page.path, code: code as FindingCode, sentence, content: page.text_digest }] : [],
    );
  });
  return [...(setting.isHidden ? openToSearchEngines(pages) : []), ...ofPages];
}

/** One for the whole server, as it is the same for all of its pages. */
function openToSearchEngines(pages: SeenPage[]): Found[] {
  const listed = pages.filter((page) => isShown(page) && page.title !== null && !isNoindex(page));
  const [first] = listed;
  if (!first) return [];
  const pagesOf = `${countOf(listed.length, "page")} of this server${listed.length > 1 ? `, such as ${first.path}` : `, ${first.path}`}`;
  return [{ path: "", code: "indexed", sentence: `Search engines may list ${pagesOf}.`, content: null }];
}

const isNoindex = ({ robots }: SeenPage): boolean => /\b(noindex|none)\b/.test(robots ?? "");

const isShown = ({ outcome }: Pick<SeenPage, "outcome">): boolean => outcome === "shown";

type Sentences = Partial<Record<FindingCode, string | undefined>>;

function onNotShown(page: SeenPage, { now }: Setting): Sentences {
  if (page.version === null) return {};
  if (page.outcome === "missing") return { missing: page.reason ?? "It is not there." };
  const isLong = Date.parse(now) - Date.parse(page.seen_at) > longUnobservedMs;
  return { [isLong ? "not_observed_since" : "unobserved"]: page.reason ?? "It could not be observed." };
}

function onShown(page: SeenPage, setting: Setting): Sentences {
  const isListed = page.in_sitemap || page.isLinked || page.isReported;
  const isUnknown = !page.isRecorded && isListed && setting.hasRecord;
  const isLive = setting.tier === "production";
  return {
    still_there:
      page.isRecorded && page.version === null
        ? "It is recorded as removed, and the server still shows it."
        : undefined,
    unrecorded: isUnknown ? `${whereListed(page)}, and nothing is recorded about it.` : undefined,
    noindex: isLive && isNoindex(page) ? "It tells search engines not to list it." : undefined,
    canonical_elsewhere: isLive ? canonicalElsewhere(page, setting) : undefined,
    links_elsewhere: isLive ? linksElsewhere(page, setting) : undefined,
    broken_asset: brokenLinks(setting.links.broken.get(page.path), setting.own),
    stale: whyStale(page.review_at, setting.now, setting.zone),
    title_empty: page.title === "" ? "It has no title." : undefined,
    ...(page.version !== null && onContent(page, page.version, setting)),
  };
}

const whereListed = ({ in_sitemap, isLinked }: SeenPage): string =>
  in_sitemap ? "The sitemap lists it" : isLinked ? "A link leads to it" : "The server shows it";

function canonicalElsewhere({ canonical }: SeenPage, setting: Setting): string | undefined {
  const other = canonical === null ? undefined : otherEnvironment(canonical, setting);
  return other && `It says that its address is ${canonical}, which is on ${other}.`;
}

function linksElsewhere({ path }: SeenPage, setting: Setting): string | undefined {
  const all = (setting.links.elsewhere.get(path) ?? []).map(({ address }) => address);
  const [first, ...more] = [...new Set(all)].filter((address) => otherEnvironment(address, setting));
  return first && `It links to ${first}, which is on ${otherEnvironment(first, setting)}${moreOf(more)}.`;
}

/** The other environment on which an address is. Of servers on the same host, it is on the one with the longest address. */
function otherEnvironment(address: string, { elsewhere, own }: Setting): string | undefined {
  const servers = [...elsewhere, ...own.map((base_url) => ({ environment: undefined, base_url }))];
  const longestFirst = servers.sort((a, b) => b.base_url.length - a.base_url.length);
  return longestFirst.find(({ base_url }) => isBelow(address, base_url))?.environment;
}

function isBelow(address: string, baseUrl: string): boolean {
  const located = locate(address, [baseUrl]);
  return located !== undefined && "key" in located;
}

function brokenLinks([first, ...more]: BrokenLink[] = [], own: string[]): string | undefined {
  if (!first) return;
  const url = new URL(first.address);
  const named = isOnServers(url, own) ? url.pathname + url.search : url.href;
  return `It names ${named}, which is missing${moreOf(more)}. ${first.problem}`;
}

const moreOf = (more: unknown[]): string => (more.length ? `, and ${formatCount(more.length)} more` : "");

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

type ShownPage = Pick<SeenPage, "path" | "outcome" | "text_digest">;

/** What a server shows that `other`, another one of its environment, shows otherwise. */
export function disagreementsWith(other: string, itsPages: ShownPage[], pages: ShownPage[]): Found[] {
  const digests = new Map(itsPages.filter(isShown).map(({ path, text_digest }) => [path, text_digest]));
  return pages
    .filter((page) => isShown(page) && digests.has(page.path) && digests.get(page.path) !== page.text_digest)
    .map(({ path, text_digest }) => ({
      path,
      code: "servers_disagree",
      sentence: `It shows something other than the server ${other} of the same environment.`,
      content: text_digest,
    }));
}
