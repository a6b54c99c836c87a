import { NoResponse } from "../network/get.ts";
import { normalKey } from "../record/keys.ts";
import type { Schema } from "../schema.ts";
import { fetchFrom, type Reach } from "./fetch-page.ts";
import { readPage } from "./read-page.ts";
import type { Robots } from "./robots.ts";
import {
  emptyPage,
  isTrouble,
  type Judgement,
  judgeStatus,
  leadsElsewhere,
  noResponse,
  retryAfterMs,
} from "./rules.ts";

export type Observation = Omit<Schema["observations"], "id" | "server_id" | "path" | "seen_at">;

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
}

export interface KnownPage {
  path: string;
  etag: string | null;
  last_modified: string | null;
}

const nothing: Observation = {
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
  took_ms: 0,
  bytes: 0,
};

/** Looks at a page of a server. `siteUrls`: the addresses that are taken out of what it shows. */
export async function lookAt(
  reach: Reach,
  robots: Robots,
  page: KnownPage,
  { siteUrls, now }: { siteUrls: string[]; now: string },
): Promise<Look> {
  const { path, etag, last_modified } = page;
  const address = reach.baseUrl + encodeURI(path).replaceAll("%25", "%");
  const look = { path, isUnchanged: false, isTrouble: false, retryAfterMs: 0, etag: null, last_modified: null };
  if (!robots.allows(address))
    return {
      ...look,
      observation: { ...nothing, reason: "The server’s robots.txt does not allow Sitebook to read it." },
    };
  const began = performance.now();
  const tookMs = () => Math.round(performance.now() - began);
  const validators = {
    ...(etag && { "if-none-match": etag }),
    ...(last_modified && { "if-modified-since": last_modified }),
  };
  try {
    const fetched = await fetchFrom(reach, address, { headers: validators });
    if ("leadsTo" in fetched)
      return { ...look, observation: { ...nothing, ...leadsElsewhere(fetched.leadsTo), took_ms: tookMs() } };
    const { status, headers, body } = fetched.response;
    if (status === 304) return { ...look, isUnchanged: true, observation: nothing };
    const seen = { ...nothing, status, took_ms: tookMs(), bytes: body.length };
    const observation = { ...seen, ...judged(fetched, address, siteUrls) };
    return {
      ...look,
      observation,
      isTrouble: isTrouble(status),
      retryAfterMs: isTrouble(status) ? retryAfterMs(headers["retry-after"], now) : 0,
      etag: headers.etag?.slice(0, 500) ?? null,
      last_modified: headers["last-modified"]?.slice(0, 100) ?? null,
    };
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    const isNetwork = error.code === "network" || error.code === "timeout" || error.code === "private";
    return {
      ...look,
      isTrouble: isNetwork,
      observation: { ...nothing, ...noResponse(error.message), took_ms: tookMs() },
    };
  }
}

function judged(
  { address, response }: Extract<Awaited<ReturnType<typeof fetchFrom>>, { response: unknown }>,
  requested: string,
  siteUrls: string[],
): Partial<Observation> & Judgement {
  const { status, headers, body } = response;
  const judgement = judgeStatus(status, headers);
  if (judgement.outcome !== "shown") return judgement;
  if (pathOf(address) !== pathOf(requested)) return { ...leadsElsewhere(address), address };
  const robotsTag = [headers["x-robots-tag"] ?? []].flat().join(", ") || undefined;
  const contentType = headers["content-type"];
  const { textDigest, structureDigest, isEmpty, ...reading } = readPage({
    body,
    contentType,
    robotsTag,
    address,
    baseUrls: siteUrls,
  });
  if (isEmpty) return emptyPage;
  const elsewhere = address === requested ? null : address;
  return { ...judgement, ...reading, address: elsewhere, text_digest: textDigest, structure_digest: structureDigest };
}

/** A slash at the end makes no other page here, as servers redirect from one form to the other. */
const pathOf = (address: string): string => normalKey("page", new URL(address).pathname).replace(/\/+$/, "");
