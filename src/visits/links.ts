import { locate } from "../intake/addresses.ts";
import type { Client, Response } from "../network/get.ts";
import { parseHtml } from "../observations/parse-html.ts";
import { normalKey, whyNotKey } from "../record/keys.ts";

/** What is left of the addresses to which links lead. */
interface LinkRules {
  /** The address of the server; links to elsewhere are not followed. */
  baseUrl: string;
  /** The parameters that stay in queries. */
  kept: string[];
}

/** The links of a page of HTML that may be followed, as absolute addresses. `address`: of the page. */
function linksOf(html: string, address: string): string[] {
  const links: string[] = [];
  let base = address;
  let hasBase = false;
  let isFollowed = true;
  parseHtml(html, {
    onopentag: (name, { href, rel = "", ...attributes }) => {
      if (name === "base" && href && !hasBase) [base, hasBase] = [URL.parse(href, address)?.href ?? address, true];
      if (name === "meta" && /^robots$/i.test(attributes.name ?? "") && /nofollow|none/i.test(attributes.content ?? ""))
        isFollowed = false;
      if ((name === "a" || name === "area") && href && !/\bnofollow\b/i.test(rel)) links.push(href);
    },
  });
  return isFollowed ? [...new Set(links.flatMap((href) => URL.parse(href.trim(), base)?.href ?? []))] : [];
}

/** The path on the server to which a link leads; undefined if that is no page of it. */
function pathOfLink(link: string, { baseUrl, kept }: LinkRules): string | undefined {
  const url = URL.parse(link);
  if (!url || url.origin !== URL.parse(baseUrl)?.origin) return;
  const query = new URLSearchParams([...url.searchParams].filter(([name]) => kept.includes(name)));
  url.search = url.hash = "";
  const located = locate(url.href, [baseUrl]);
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

/** A client that adds the links of the pages it gets to `found`. */
export function noticingLinks(client: Client, found: Set<string>, rules: LinkRules): Client {
  return {
    ...client,
    get: async (url, headers, limits) => {
      const response = await client.get(url, headers, limits);
      for (const link of isHtml(response) ? linksOf(response.body.toString(), url.href) : []) {
        const path = pathOfLink(link, rules);
        if (path) found.add(path);
      }
      return response;
    },
  };
}

const isHtml = ({ status, headers }: Response): boolean =>
  status === 200 && /^text\/html\b|^application\/xhtml\+xml\b/i.test(headers["content-type"] ?? "");
