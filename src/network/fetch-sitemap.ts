import { Refusal } from "../errors.ts";
import { isOnServers } from "../intake/addresses.ts";
import { sitemapTable } from "../intake/sitemap-table.ts";
import { maxUnpackedBytes, type TextLine, textLines, tooLarge } from "../intake/text-lines.ts";
import { acceptEncoding, type Client, createClient, NoResponse, type Response, userAgent } from "./get.ts";

const timeoutMs = 30_000;
const maxRedirects = 5;
const requestHeaders = {
  accept: "application/xml, text/xml",
  "accept-encoding": acceptEncoding,
  "user-agent": userAgent,
};

interface Options {
  /** Whether a network address may be called; any, if it is not given. */
  isAllowed?: (address: string) => boolean;
  maxPages?: number | undefined;
}

/**
 * The sitemap at an address on one of the environment's servers, with all that an index names, as a table. Nothing else
 * is ever fetched: not from another host, nor where a server redirects to one. Throws a Refusal with 422 that says why
 * it cannot be had.
 */
export async function fetchSitemap(
  address: string,
  baseUrls: string[],
  { isAllowed = () => true, maxPages }: Options = {},
): Promise<string> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const client = createClient(isAllowed, timeout);
  const read = async function* (part: string): AsyncGenerator<TextLine> {
    try {
      yield* textLines([await fetchFromServers(client, part, baseUrls)]);
    } catch (error) {
      throw error instanceof NoResponse ? refusalOf(part, error, timeout) : error;
    }
  };
  try {
    return await sitemapTable(read(address), read, maxPages);
  } finally {
    client.close();
  }
}

async function fetchFromServers(client: Client, address: string, baseUrls: string[]): Promise<Buffer> {
  let url = URL.parse(address);
  for (let redirects = 0; ; redirects++) {
    if (!url || !isOnServers(url, baseUrls)) throw new Refusal(422, whyNotFetched(address, url, baseUrls));
    const response = await client.get(url, requestHeaders, { timeoutMs, maxBytes: maxUnpackedBytes });
    const target = response.headers.location;
    if (response.status < 300 || response.status > 399 || !target) return bodyOf(response, address);
    if (redirects === maxRedirects) throw new Refusal(422, `${address} redirects too often. Check the address.`);
    url = URL.parse(target, url.href);
  }
}

function whyNotFetched(address: string, url: URL | null, baseUrls: string[]): string {
  if (!baseUrls.length)
    return "This environment has no server yet. Add its base URL in the settings, or paste the sitemap.";
  const servers = `this environment's servers (${baseUrls.join(", ")})`;
  if (!URL.canParse(address)) return `Enter the whole address of a sitemap on one of ${servers}.`;
  if (url && url.href !== new URL(address).href)
    return `${address} redirects to ${url.origin}, which is not one of ${servers}. Paste the sitemap instead.`;
  return `${address} is not on one of ${servers}. Paste the sitemap instead, or add its server in the settings.`;
}

function bodyOf({ status, body }: Response, address: string): Buffer {
  if (status >= 200 && status <= 299) return body;
  throw new Refusal(422, `${address} answered with status ${status}. Check the address.`);
}

function refusalOf(address: string, { code, message }: NoResponse, timeout: AbortSignal): Refusal {
  if (code === "too_large") return tooLarge();
  if (code === "private") return new Refusal(422, `${message} Or paste the sitemap instead.`);
  if (code === "timeout" || timeout.aborted)
    return new Refusal(422, `${address} was not read within ${timeoutMs / 1000} seconds. Try again later.`);
  const reason = message.replace(/^There is no response: |\.$/g, "");
  return new Refusal(422, `There is no answer from ${address} (${reason}). Check the address.`);
}
