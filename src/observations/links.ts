/** An address that a page names. */
export interface PageLink<Address = URL> {
  address: Address;
  /** `nofollow`: a link that robots are asked not to follow. `loaded`: browsers load it with the page. */
  kind: "link" | "nofollow" | "loaded";
}

const isLink = /^(a|area)$/;
const isLoaded = /^(img|script|iframe|source|video|audio)$/;

/** Of `link`, those that a browser loads. */
const loadedRel = /\b(stylesheet|icon|manifest|preload|modulepreload)\b/i;

/** What an element names, as it is written there. */
export function linkOf(name: string, { href, src, rel = "" }: Record<string, string>): PageLink<string> | undefined {
  if (href !== undefined && isLink.test(name))
    return { address: href, kind: /\bnofollow\b/i.test(rel) ? "nofollow" : "link" };
  const loaded = name === "link" && loadedRel.test(rel) ? href : isLoaded.test(name) ? src : undefined;
  if (loaded !== undefined) return { address: loaded, kind: "loaded" };
}

/** What a page names, by its base and the directives for robots of its head. */
export function resolveLinks(links: PageLink<string>[], base: string, robots: string[]): PageLink[] {
  const isFollowed = !robots.some((content) => /nofollow|none/i.test(content));
  return links.flatMap(({ address, kind }) => {
    const url = URL.parse(address, base);
    return url ? [{ address: url, kind: kind === "link" && !isFollowed ? "nofollow" : kind }] : [];
  });
}
