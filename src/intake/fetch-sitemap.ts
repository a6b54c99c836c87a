import { Refusal } from "../errors.ts";
import { isOnServers } from "./addresses.ts";
import { sitemapTable } from "./sitemap-table.ts";
import { maxUnpackedBytes, type TextLine, textLines, tooLarge } from "./text-lines.ts";

const timeoutMs = 30_000;
const maxRedirects = 5;

/**
 * The sitemap at an address on one of the environment's servers, with all that an index names, as a table. Nothing else
 * is ever fetched: not from another host, nor where a server redirects to one. Throws a Refusal with 422 that says why
 * it cannot be had.
 */
export async function fetchSitemap(address: string, baseUrls: string[], maxPages?: number): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const read = (part: string) => fetchLines(part, baseUrls, signal);
  return sitemapTable(read(address), read, maxPages);
}

async function* fetchLines(address: string, baseUrls: string[], signal: AbortSignal): AsyncGenerator<TextLine> {
  try {
    const response = await fetchFromServers(address, baseUrls, signal);
    yield* textLines(limited(response.body ?? []));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(422, whyNoAnswer(address, error));
  }
}

async function fetchFromServers(address: string, baseUrls: string[], signal: AbortSignal): Promise<Response> {
  let url = URL.parse(address);
  for (let redirects = 0; ; redirects++) {
    if (!url || !isOnServers(url, baseUrls)) throw new Refusal(422, whyNotFetched(address, url, baseUrls));
    const response = await fetch(url.href, {
      redirect: "manual",
      signal,
      headers: { accept: "application/xml, text/xml" },
    });
    const target = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || !target) return refuseStatus(response, address);
    await response.body?.cancel();
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

async function refuseStatus(response: Response, address: string): Promise<Response> {
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Refusal(422, `${address} answered with status ${response.status}. Check the address.`);
}

async function* limited(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > maxUnpackedBytes) throw tooLarge();
    yield chunk;
  }
}

function whyNoAnswer(address: string, error: unknown): string {
  const { name, cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === "TimeoutError") return `${address} was not read within ${timeoutMs / 1000} seconds. Try again later.`;
  return `There is no answer from ${address} (${cause?.code ?? cause?.message ?? message}). Check the address.`;
}
