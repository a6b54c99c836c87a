import type { Selectable } from "kysely";
import { sha256 } from "../database/ids.ts";
import { NoResponse } from "../network/get.ts";
import type { FoundNoise } from "../observations/find-noise.ts";
import type { PageLink } from "../observations/links.ts";
import { type Reading, readPage } from "../observations/read-page.ts";
import type { Filter } from "../observations/view.ts";
import type { Digests } from "../observations/view-text.ts";
import { normalKey } from "../record/keys.ts";
import type { Schema } from "../schema.ts";
import { type Fetched, fetchFrom, type Reach } from "./fetch-page.ts";
import type { Robots } from "./robots.ts";
import {
  challenge,
  emptyPage,
  isChallenge,
  isTrouble,
  type Judgement,
  judgeStatus,
  leadsElsewhere,
  noResponse,
  retryAfterMs,
} from "./rules.ts";

export type Observation = Omit<Selectable<Schema["observations"]>, "id" | "server_id" | "path" | "seen_at">;

/** What came of looking at a page once. */
export interface Look {
  path: string;
  observation: Observation;
  /** The server says that the page has not changed since; the observation is empty then. */
  isUnchanged: boolean;
  /** The trouble is the server's, rather than of this page. */
  isTrouble: boolean;
  retryAfterMs: number;
  etag: string | null;
  last_modified: string | null;
  /** What it contained, if that is kept. */
  content: string | undefined;
  /** What it names; undefined: it was not read, or is no HTML. */
  links: PageLink[] | undefined;
  /** The key of the filter with which its digests were made; empty: they are those of its last good observation. */
  filter: string;
  /** What is noise of the page, as was learned by looking again. */
  noise: FoundNoise[];
}

export interface KnownPage {
  path: string;
  etag: string | null;
  last_modified: string | null;
  /** Its last good observation. */
  good?: (Digests & { content: string | null }) | undefined;
}

export const nothingSeen: Observation = {
  outcome: "unobserved",
  reason: null,
  status: null,
  address: null,
  title: null,
  language: null,
  canonical: null,
  robots: null,
  text_digest: null,
  structure_digest: null,
  content: null,
  took_ms: 0,
  bytes: 0,
  review_at: null,
};

interface Context {
  /** The addresses that are taken out of what the page shows. */
  siteUrls: string[];
  /** What else is left out of it. */
  filter: Filter;
  /** The meta tag that says when a page is to be reviewed. */
  dateTag?: string | undefined;
  now: string;
}

/** Where a server has a page. What is encoded in its path stays so. */
export const addressOn = (baseUrl: string, path: string): string => baseUrl + encodeURI(path).replaceAll("%25", "%");

/** Looks at a page of a server. */
export async function lookAt(reach: Reach, robots: Robots, page: KnownPage, context: Context): Promise<Look> {
  const { path, etag, last_modified } = page;
  const address = addressOn(reach.baseUrl, path);
  const look = { path, ...noLook, filter: context.filter.key };
  if (!robots.allows(address))
    return {
      ...look,
      observation: { ...nothingSeen, reason: "The server’s robots.txt does not allow Sitebook to read it." },
    };
  const began = performance.now();
  const tookMs = () => Math.round(performance.now() - began);
  const validators = {
    ...(etag && { "if-none-match": etag }),
    ...(last_modified && { "if-modified-since": last_modified }),
  };
  try {
    const fetched = await fetchFrom(reach, address, { headers: validators });
    if ("leadsTo" in fetched) return lookElsewhere(path, fetched.leadsTo, context, tookMs());
    if (fetched.response.status === 304) return { ...look, isUnchanged: true, observation: nothingSeen };
    return lookFrom(fetched, address, page, context, tookMs());
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    const isNetwork = error.code === "network" || error.code === "timeout" || error.code === "private";
    return {
      ...look,
      isTrouble: isNetwork,
      observation: { ...nothingSeen, ...noResponse(error.message), took_ms: tookMs() },
    };
  }
}

/** What a response says about the page that was requested from this address. */
export function lookFrom(fetched: Answered, requested: string, page: KnownPage, context: Context, took_ms = 0): Look {
  const { status, headers, body } = fetched.response;
  const seen = { ...nothingSeen, status, took_ms, bytes: body.length };
  const { content, isKnown, links, ...judgement } = judged(fetched, requested, page, context);
  return {
    ...noLook,
    path: page.path,
    content,
    links,
    filter: isKnown ? "" : context.filter.key,
    observation: { ...seen, ...judgement, content: content === undefined ? null : sha256(content) },
    isTrouble: isTrouble(status),
    retryAfterMs: isTrouble(status) ? retryAfterMs(headers["retry-after"], context.now) : 0,
    etag: headers.etag?.slice(0, 500) ?? null,
    last_modified: headers["last-modified"]?.slice(0, 100) ?? null,
  };
}

type Answered = Extract<Fetched, { response: unknown }>;

/** A page from which a redirect leads to an address that is not on the environment. */
export const lookElsewhere = (path: string, leadsTo: string, { filter }: Context, took_ms = 0): Look => ({
  ...noLook,
  path,
  filter: filter.key,
  observation: { ...nothingSeen, ...leadsElsewhere(leadsTo), took_ms },
});

const noLook = {
  isUnchanged: false,
  isTrouble: false,
  retryAfterMs: 0,
  etag: null,
  last_modified: null,
  content: undefined,
  links: undefined,
  noise: [],
};

function judged(
  { address, response }: Answered,
  requested: string,
  { good }: KnownPage,
  { siteUrls, filter, dateTag }: Context,
): Judgement & Omit<Partial<Observation>, "content"> & Partial<Pick<Reading, "content" | "isKnown" | "links">> {
  const { status, headers, body } = response;
  if (isChallenge(headers, body)) return challenge;
  const judgement = judgeStatus(status);
  if (judgement.outcome !== "shown") return judgement;
  const robotsTag = [headers["x-robots-tag"] ?? []].flat().join(", ") || undefined;
  const contentType = headers["content-type"];
  const source = { body, contentType, robotsTag, address, baseUrls: siteUrls, filter, dateTag, known: good };
  const { isEmpty, ...reading } = readPage(source);
  const { links } = reading;
  if (pathOf(address) !== pathOf(requested)) return { ...leadsElsewhere(address), address, links };
  if (isEmpty) return { ...emptyPage, links };
  return { ...judgement, ...reading, address: address === requested ? null : address };
}

/** A slash at the end makes no other page here, as servers redirect from one form to the other. */
const pathOf = (address: string): string => normalKey("page", new URL(address).pathname).replace(/\/+$/, "");
