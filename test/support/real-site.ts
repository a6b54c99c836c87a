import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { seeded, shuffled } from "./seeded.ts";
import { htmlPage, sitemapOf, type WebSite, webSite } from "./web-site.ts";

/** A page of a server: what it shows follows from its path and version, unless something else is given. */
export interface ServedPage {
  version: string;
  title?: string;
  /** One more paragraph. */
  text?: string;
  /** More elements of its head, or of its body. */
  head?: string;
  body?: string;
  /** Header fields. */
  headers?: Record<string, string>;
  /** Instead of 200. */
  status?: number;
  leadsTo?: string;
  /** The sitemap does not list it. */
  isUnlisted?: boolean;
}

export type ServedPages = Map<string, ServedPage>;

const unzipped = async (name: string) => gunzipSync(await readFile(new URL(name, import.meta.url))).toString();

/**
 * The pages of two real sites as one of `count` pages: those of a documentation with the versions that they had at a moment
 * (ISO 8601 UTC), then those of a sitemap, which never change. `isShort`: without the guide and the API of the documentation.
 */
export async function realPages(at: string, count: number, { isShort = false } = {}): Promise<ServedPages> {
  const pages: ServedPages = new Map([["/", { version: "1" }]]);
  for (const line of (await unzipped("real-history.jsonl.gz")).trim().split("\n")) {
    const deployment: { at: string; pages: [string, string | null][] } = JSON.parse(line);
    if (deployment.at > at) break;
    for (const [path, version] of deployment.pages)
      if (version === null || (isShort && /^\/(guide|api)\//.test(path))) pages.delete(path);
      else pages.set(path, { version });
  }
  const sitemap = (await unzipped("real-sitemap.xml.gz")).matchAll(/<loc>https:\/\/[^/]+([^<]+)/g);
  const others = [...sitemap].map(([, path]) => path as string);
  const isEnglish = (path: string) => path.startsWith("/en/");
  for (const path of [...others.filter(isEnglish), ...others.filter((path) => !isEnglish(path))])
    if (pages.size < count) pages.set(path, { version: "1" });
  return pages;
}

const words =
  "components render state props template reactive build server island route layout content style script slot event list key guide page".split(
    " ",
  );

const written = new Map<string, string>();

/** What a visitor reads of a version of a page, apart from what is given. */
function paragraphs(path: string, version: string): string {
  const known = written.get(`${path} ${version}`);
  if (known) return known;
  const random = seeded(numberOf(`${path} ${version}`));
  const sentence = () => Array.from({ length: 12 }, () => words[Math.floor(random() * words.length)]).join(" ");
  const text = Array.from({ length: 4 }, () => `<p>${sentence()}. ${sentence()}.</p>`).join("");
  written.set(`${path} ${version}`, text);
  return text;
}

/** What differs from one request for a page to the next, and with each `build` of the site. */
export interface NoiseSource {
  seed: number;
  build: number;
  /** How often each page was requested on any server. */
  requests: Map<string, number>;
}

export const noiseSource = (seed: number): NoiseSource => ({ seed, build: 1, requests: new Map() });

/** A number that follows from a text. */
const numberOf = (text: string): number => Buffer.from(text).reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7);

const fingerprint = (build: number): string => `${(0x9e3779b9 * build) >>> 0}`.padStart(10, "0");

const link = (path: string, text: string): string => `<a href="${path}">${text}</a>`;

/** With nonces, a token, a counter, a relative date, fingerprints, teasers in any order, and some of the related pages. */
function renderPage(path: string, page: ServedPage, linked: string[], noise: NoiseSource): string {
  const n = (noise.requests.get(path) ?? 0) + 1;
  noise.requests.set(path, n);
  const random = seeded(numberOf(`${noise.seed} ${path} ${n}`));
  const files = fingerprint(noise.build);
  const title = page.title ?? `${path.slice(1).replaceAll("/", " ") || "Home"} page`;
  const teasers = shuffled(linked.slice(0, 3), random).map((to) => `<li>${link(`${to}?from=${n}`, `See ${to}`)}</li>`);
  const related = [0, 1, 2].map((i) => linked[3 + ((n + i) % 5)] as string);
  const head = `<meta name="csrf-token" content="${n}"><link rel="stylesheet" href="/assets/site.${files}.css"><script src="/assets/site.${files}.js" nonce="${n}"></script><script nonce="${n}">visit(${n})</script>${page.head ?? ""}`;
  const body = `<header>${link("/", "Home")}<form action="/search" method="post"><input type="hidden" name="csrf" value="${n}"><input name="q"></form></header>
<main><h1>${title}</h1>${paragraphs(path, page.version)}${page.text ? `<p>${page.text}</p>` : ""}<img src="/assets/figure.png?v=${noise.build}" alt="A figure">${page.body ?? ""}</main>
<aside><ul class="teasers">${teasers.join("")}</ul><nav class="related">${related.map((to) => link(to, `Read ${to}`)).join("")}</nav></aside>
<footer><p>Visitor <b>${n}</b></p><p>Changed <time>${n} minutes ago</time></p></footer>`;
  return htmlPage(title, body, head);
}

/** Serves pages with noise. `linked`: the pages to which all others link. */
export async function realSite(
  pages: ServedPages,
  { noise, linked }: { noise: NoiseSource; linked: string[] },
): Promise<WebSite> {
  const serve = (response: ServerResponse, path: string) => {
    const page = pages.get(path);
    if (!page) return serveFile(response, path, noise);
    if (page.leadsTo) return void response.writeHead(302, { location: page.leadsTo }).end();
    response.writeHead(page.status ?? 200, { "content-type": "text/html; charset=utf-8", ...page.headers });
    response.end(renderPage(path, page, linked, noise));
  };
  const site = await webSite({}, { otherwise: (response, { url = "" }) => serve(response, url.replace(/\?.*/, "")) });
  site.pages["/sitemap.xml"] = (response) => {
    const listed = [...pages].filter(([, page]) => !page.isUnlisted).map(([path]) => path);
    response.writeHead(200, { "content-type": "text/xml" }).end(sitemapOf(site.base, listed));
  };
  return site;
}

/** The files of this build are there, and no others. */
function serveFile(response: ServerResponse, path: string, { build }: NoiseSource): void {
  const isThere = path === "/assets/figure.png" || path.startsWith(`/assets/site.${fingerprint(build)}.`);
  response.writeHead(isThere ? 200 : 404, { "content-type": "application/octet-stream" }).end(isThere ? "x" : "");
}
