import { Refusal } from "../errors.ts";
import { locate } from "../intake/addresses.ts";
import { sitemapEntries } from "../intake/sitemap.ts";
import { textLines } from "../intake/text-lines.ts";
import { NoResponse } from "../network/get.ts";
import { normalKey, whyNotKey } from "../record/keys.ts";
import { fetchFrom, type Reach } from "./fetch-page.ts";

const maxSitemaps = 100;
const limits = { timeoutMs: 30_000, maxBytes: 20_000_000 };

interface Listed {
  /** The paths of pages. */
  paths: Set<string>;
  /** What could not be read, as a sentence. */
  note: string | undefined;
}

/**
 * The pages that the sitemaps of a server list, with all that indexes name. A copy of a site often names the hosts of
 * another environment: `siteUrls` are the addresses of all servers of the site, and what is on them is looked for on this
 * one. Other hosts, and pages with a query, are passed over.
 */
export async function listedPages(
  reach: Reach,
  sitemaps: string[],
  siteUrls: string[],
  maxPages: number,
): Promise<Listed> {
  const pathOf = (address: string) => {
    // its own first, as another one may be the host on which this one is a path
    const located = locate(address, [reach.baseUrl, ...siteUrls]);
    return located && "key" in located ? located.key : undefined;
  };
  const waiting = sitemaps.length ? sitemaps.flatMap((address) => pathOf(address) ?? []) : ["/sitemap.xml"];
  const known = new Set(waiting);
  const paths = new Set<string>();
  let note: string | undefined;
  for (let path = waiting.shift(); path !== undefined && paths.size < maxPages; path = waiting.shift()) {
    try {
      for await (const { is, address } of entriesAt(reach, path)) {
        const found = pathOf(address);
        if (found === undefined) continue;
        if (is === "page") addPage(paths, found);
        else if (!known.has(found) && known.size < maxSitemaps) {
          known.add(found);
          waiting.push(found);
        }
        if (paths.size >= maxPages) break;
      }
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoResponse)) throw error;
      note ??= `The sitemap ${path} could not be read: ${error.message}`;
    }
  }
  return { paths, note };
}

function addPage(paths: Set<string>, path: string): void {
  const key = normalKey("page", path);
  if (!whyNotKey("page", key)) paths.add(key);
}

/** Nothing, if there is no sitemap at the default address. */
async function* entriesAt(reach: Reach, path: string) {
  const fetched = await fetchFrom(reach, reach.baseUrl + path, { limits });
  if ("leadsTo" in fetched) throw new Refusal(422, `it redirects to ${fetched.leadsTo}.`);
  const { status, body } = fetched.response;
  if (status === 404 && path === "/sitemap.xml") return;
  if (status !== 200) throw new Refusal(422, `it answered with status ${status}.`);
  yield* sitemapEntries(textLines([body]));
}
