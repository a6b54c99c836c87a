import robotsParser from "robots-parser";
import { NoResponse, userAgent } from "../network/get.ts";
import { fetchFrom, type Reach } from "./fetch-page.ts";

/** What the robots.txt of a server says. */
export interface Robots {
  /** Whether Sitebook may fetch an address. */
  allows(address: string): boolean;
  /** How long it is to wait between two pages. */
  pauseMs: number;
  sitemaps: string[];
}

type Parse = (
  url: string,
  text: string,
) => {
  isAllowed(url: string, agent: string): boolean | undefined;
  getCrawlDelay(agent: string): number | undefined;
  getSitemaps(): string[];
};

/** What comes after it is not read, as RFC 9309 allows. */
const maxBytes = 500_000;

const maxPauseMs = 10_000;

/**
 * Reads the robots.txt of a server; without one, everything is allowed (RFC 9309, section 2.3.1). Throws NoResponse, also if
 * the server fails to send one that is honoured, as nothing is allowed then.
 */
export async function readRobots(reach: Reach, honoured: boolean): Promise<Robots> {
  const address = new URL("/robots.txt", reach.baseUrl).href;
  const fetched = await fetchFrom(reach, address, { limits: { timeoutMs: 20_000, maxBytes, cut: true } });
  const status = "response" in fetched ? fetched.response.status : 0;
  if (honoured && status >= 500)
    throw new NoResponse(
      "network",
      `Its robots.txt cannot be read (status ${status}), so that it may exclude everything. If it is your own site, an administrator can say so in the settings of visits.`,
    );
  const isThere = "response" in fetched && status === 200;
  // the types of the package are those of an ES module, which it is not
  const parse = robotsParser as unknown as Parse;
  const rules = parse(address, isThere ? fetched.response.body.toString("utf8") : "");
  const delaySeconds = (honoured && rules.getCrawlDelay(userAgent)) || 0;
  return {
    allows: (page) => !honoured || rules.isAllowed(page, userAgent) !== false,
    pauseMs: Math.min(delaySeconds * 1000, maxPauseMs),
    sitemaps: rules.getSitemaps(),
  };
}
