import type { PageOutcome } from "../sightings/rules.ts";

export interface Judgement {
  outcome: PageOutcome;
  /** Why it is not shown, as a sentence; null if it is. */
  reason: string | null;
}

const shown: Judgement = { outcome: "shown", reason: null };
const missing = (reason: string): Judgement => ({ outcome: "missing", reason });
const unobserved = (reason: string): Judgement => ({ outcome: "unobserved", reason });

/** By its status: an error that is the server's trouble of the moment, or a wall, is not the page. */
export function judgeStatus(status: number): Judgement {
  if (status >= 200 && status <= 299) return shown;
  if (status === 401 || status === 407) return unobserved(`It needs a password (status ${status}).`);
  if (status === 403) return unobserved("Sitebook may not read it (status 403).");
  if (status === 429) return unobserved("The server refuses to answer so many requests (status 429).");
  if (status === 503) return unobserved("The server is in maintenance, or overloaded (status 503).");
  return missing(`The server answers with status ${status}.`);
}

/** A page at which visitors are to accept cookies before they see any other says nothing about those. */
export const leadsElsewhere = (address: string): Judgement =>
  /^https?:\/\/consent\.|\/(cookie[-_]?(wall|consent)|consent)(\/|$)/i.test(address.replace(/[?#].*$/s, ""))
    ? unobserved("It asks visitors to accept cookies first.")
    : missing(`It leads to ${address.slice(0, 500)}.`);

export const challenge: Judgement = unobserved("A firewall asks visitors to prove that they are people.");

/** By what the firewalls of Cloudflare, AWS, Imperva, DataDome and HUMAN send in place of a page, with any status. */
export function isChallenge(headers: Record<string, string | string[] | undefined>, body: Buffer): boolean {
  if (headers["cf-mitigated"] || /^(challenge|captcha)$/.test([headers["x-amzn-waf-action"] ?? ""].join())) return true;
  const isPage = headers["content-type"]?.includes("html");
  return isPage === true && challengeMarkup.test(body.toString("latin1", 0, 100_000));
}

/** Their scripts on pages that are shown have other names. */
const challengeMarkup =
  /window\._cf_chl_opt|\/cdn-cgi\/challenge-platform\/h\/\w+\/orchestrate\/|<iframe[^>]{0,500}\/_Incapsula_Resource|geo\.captcha-delivery\.com|id=["']px-captcha["']|AwsWafIntegration\.forceRefreshToken/;

export const emptyPage: Judgement = unobserved("The page is empty.");

export const noResponse = (sentence: string): Judgement => unobserved(sentence);

/** For how many pages in a row a server must fail to answer until it counts as down. */
export const downAfter = 5;

/** Whether a status is the trouble of the whole server, rather than of one page. */
export const isTrouble = (status: number): boolean => status === 429 || status >= 500;

/** How many milliseconds a server asks to wait (Retry-After: seconds, or a date), at most an hour; 0 if it does not. */
export function retryAfterMs(header: string | undefined, now: string): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.parse(now);
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : 0;
}
