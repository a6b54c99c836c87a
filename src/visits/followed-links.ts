import { locate } from "../intake/addresses.ts";
import type { PageLink } from "../observations/links.ts";
import { normalKey, whyNotKey } from "../record/keys.ts";

/** What is left of the addresses to which links lead. */
interface LinkRules {
  /** The address of the server; links to elsewhere are not followed. */
  baseUrl: string;
  /** The parameters that stay in queries. */
  kept: string[];
}

/** The paths on the server to which those of the links lead that may be followed. */
export const followedPaths = (links: PageLink[], rules: LinkRules): Set<string> =>
  new Set(links.flatMap(({ address, kind }) => (kind === "link" && pathOf(address, rules)) || []));

/** Undefined if it is no page of the server. */
function pathOf({ origin, pathname, searchParams }: URL, { baseUrl, kept }: LinkRules): string | undefined {
  if (origin !== URL.parse(baseUrl)?.origin) return;
  const query = new URLSearchParams([...searchParams].filter(([name]) => kept.includes(name)));
  const located = locate(origin + pathname, [baseUrl]);
  const key = located && "key" in located ? normalKey("page", located.key) : "";
  if (!key || whyNotKey("page", key) || isNoPage(key)) return;
  // the same parameters in another order lead to the same page
  query.sort();
  const path = query.size ? `${key}?${query}` : key;
  return path.length <= 2000 ? path : undefined;
}

/** What is linked to be downloaded or shown, rather than read. */
const isNoPage = (path: string): boolean =>
  /\.(jpe?g|png|gif|webp|avif|svg|ico|css|m?js|json|xml|woff2?|zip|gz|mp[34]|webm|exe|dmg)$/i.test(path);
