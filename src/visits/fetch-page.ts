import { isOnServers } from "../intake/addresses.ts";
import { acceptEncoding, type Client, type Limits, NoResponse, type Response, userAgent } from "../network/get.ts";

/** Where a visit may go. */
export interface Reach {
  client: Client;
  /** Of the server that is visited, which gets the credentials. */
  baseUrl: string;
  /** The addresses of all servers of its environment; redirects are followed there, and nowhere else. */
  baseUrls: string[];
  /** Credentials for the server. */
  headers: Record<string, string>;
}

/** A response, or where a redirect leads that is not followed. */
export type Fetched = { address: string; response: Response } | { address: string; leadsTo: string };

const maxRedirects = 5;

const pageLimits: Limits = { timeoutMs: 20_000, maxBytes: 5_000_000 };

/** Fetches an address of the server, following redirects. Throws NoResponse if there is none, or too many redirects. */
export async function fetchFrom(
  reach: Reach,
  address: string,
  { headers = {}, limits = pageLimits }: { headers?: Record<string, string>; limits?: Limits } = {},
): Promise<Fetched> {
  let url = new URL(address);
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    if (!isOnServers(url, reach.baseUrls)) return { address, leadsTo: url.href };
    const sent = { ...common, ...headers, ...(isOnServers(url, [reach.baseUrl]) && reach.headers) };
    const response = await reach.client.get(url, sent, limits);
    const location = response.headers.location;
    if (response.status < 301 || response.status > 308 || response.status === 304 || !location)
      return { address: url.href, response };
    const next = URL.parse(location, url.href);
    if (!next) return { address, leadsTo: location };
    url = next;
  }
  throw new NoResponse("redirects", `It redirects more than ${maxRedirects} times.`);
}

const common = { "user-agent": userAgent, "accept-encoding": acceptEncoding };
