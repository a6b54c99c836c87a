/** Where an address leads: to a page of these servers, or to another host. */
export type Located = { key: string } | { host: string };

/**
 * The path of an address below one of the base URLs, whichever of http and https it has. Undefined if it is no web
 * address. Queries and fragments stay, so that the rules for keys refuse them.
 */
export function locate(address: string, baseUrls: string[]): Located | undefined {
  const url = webAddress(address);
  if (!url) return;
  for (const baseUrl of baseUrls) {
    const base = webAddress(baseUrl);
    const prefix = base?.pathname.replace(/\/+$/, "");
    if (base?.host !== url.host || prefix === undefined) continue;
    const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : undefined;
    if (path !== undefined || url.pathname === prefix) return { key: (path || "/") + url.search + url.hash };
  }
  return { host: url.host };
}

export function webAddress(text: string): URL | undefined {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  return url ?? undefined;
}

/** Whether an address is on the host and port of one of these servers, whatever its path. */
export const isOnServers = (url: URL, baseUrls: string[]): boolean => serversTest(baseUrls)(url);

/** `isOnServers` for many addresses. */
export function serversTest(baseUrls: string[]): (url: URL) => boolean {
  const origins = new Set(baseUrls.map((baseUrl) => URL.parse(baseUrl)?.origin));
  return ({ protocol, origin }) => /^https?:$/.test(protocol) && origins.has(origin);
}
