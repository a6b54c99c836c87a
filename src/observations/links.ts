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
export function linksOf(name: string, { href, src, srcset, rel = "" }: Record<string, string>): PageLink<string>[] {
  if (href !== undefined && isLink.test(name))
    return [{ address: href, kind: /\bnofollow\b/i.test(rel) ? "nofollow" : "link" }];
  const loaded = name === "link" && loadedRel.test(rel) ? href : isLoaded.test(name) ? src : undefined;
  const images = srcset !== undefined && hasImages.test(name) ? candidatesOf(srcset) : [];
  return [loaded ?? [], images].flat().map((address) => ({ address, kind: "loaded" }));
}

const hasImages = /^(img|source)$/;

/** Of one srcset. */
const maxCandidates = 100;

/** An address ends before white space, or before the commas at its end; up to the next comma its width or density follows. */
const candidatesOf = (srcset: string): string[] =>
  srcset
    .matchAll(/([^\s,](?:\S*[^\s,])?)(?:\s[^,]*)?/g)
    .take(maxCandidates)
    .map(([, address = ""]) => address)
    .toArray();

/** What a page names, by its base and the directives for robots of its head. */
export function resolveLinks(links: PageLink<string>[], base: string, robots: string[]): PageLink[] {
  const isFollowed = !robots.some((content) => /nofollow|none/i.test(content));
  return links.flatMap(({ address, kind }) => {
    const url = URL.parse(address, base);
    return url ? [{ address: url, kind: kind === "link" && !isFollowed ? "nofollow" : kind }] : [];
  });
}
