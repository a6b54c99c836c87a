import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { serversTest } from "../intake/addresses.ts";
import type { Client } from "../network/get.ts";
import { parseHtml } from "../observations/parse-html.ts";
import type { Flag } from "../schema.ts";

export interface PageLink {
  address: string;
  /** Whether browsers load it with the page; 0: it is a link. */
  loaded: Flag;
}

/** The attributes that name what a page loads. */
const attributesOf: Record<string, string> = {
  img: "src",
  script: "src",
  iframe: "src",
  source: "src",
  video: "src",
  audio: "src",
};

/** Of `link`, those that a browser loads. */
const loadedLink = /\b(stylesheet|icon|manifest|preload|modulepreload)\b/i;

const maxLinks = 200;

/** The addresses on these servers that a page of HTML names: 200 at most, each once and without its fragment. */
function linksIn(html: string, address: string, baseUrls: string[]): PageLink[] {
  const found = new Map<string, PageLink>();
  const isOnServers = serversTest(baseUrls);
  let base = address;
  const add = (text: string | undefined, loaded: Flag) => {
    const url = text === undefined ? null : URL.parse(text, base);
    if (!url || !isOnServers(url) || url.href.length > 2000) return;
    url.hash = "";
    const isKnown = found.has(url.href);
    if (isKnown ? loaded : found.size < maxLinks) found.set(url.href, { address: url.href, loaded });
  };
  parseHtml(html, {
    onopentag: (tag, attributes) => {
      if (tag === "base" && attributes.href && base === address)
        base = URL.parse(attributes.href, address)?.href ?? base;
      if (tag === "a" || tag === "area") add(attributes.href, 0);
      if (tag === "link" && loadedLink.test(attributes.rel ?? "")) add(attributes.href, 1);
      add(attributes[attributesOf[tag] ?? ""], 1);
    },
  });
  return [...found.values()];
}

/** The client of a visit that also reads which addresses on these servers a page names. */
export const noticingAddresses = (client: Client, baseUrls: string[], notice: (links: PageLink[]) => void): Client => ({
  ...client,
  get: async (url, headers, limits) => {
    const response = await client.get(url, headers, limits);
    const isHtml = /^(text\/html|application\/xhtml\+xml)\b/i.test(response.headers["content-type"] ?? "");
    if (response.status === 200 && isHtml) notice(linksIn(response.body.toString("utf8"), url.href, baseUrls));
    return response;
  },
});

/** Keeps which addresses pages of a server name, in place of those that they named before. */
export async function savePageLinks(db: Database, server_id: string, noticed: Map<string, PageLink[]>): Promise<void> {
  if (!noticed.size) return;
  const known = await db
    .selectFrom("page_links")
    .select(["path", "address", "loaded"])
    .where("server_id", "=", server_id)
    .where("path", "in", [...noticed.keys()])
    .execute();
  const before = Map.groupBy(known, ({ path }) => path);
  const changes = [...noticed].map(([path, links]) => changesOf(path, before.get(path) ?? [], links));
  const gone = changes.flatMap((page) => page.gone);
  const fresh = changes.flatMap((page) => page.fresh);
  if (!gone.length && !fresh.length) return;
  await db.transaction().execute(async (trx) => {
    await inBatches(gone, (rows) => {
      const pairs = rows.map(({ path, address }) => sql`(${path}, ${address})`);
      const isGone = sql<boolean>`(path, address) in (values ${sql.join(pairs)})`;
      return trx.deleteFrom("page_links").where("server_id", "=", server_id).where(isGone).execute();
    });
    await inBatches(fresh, (rows) =>
      trx
        .insertInto("page_links")
        .values(rows.map((row) => ({ server_id, ...row })))
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  });
}

/** What is to be deleted and added so that a page has these links. */
function changesOf(path: string, before: PageLink[], links: PageLink[]) {
  const textOf = ({ address, loaded }: PageLink) => `${loaded} ${address}`;
  const [is, was] = [new Set(links.map(textOf)), new Set(before.map(textOf))];
  const gone = before.filter((link) => !is.has(textOf(link)));
  const fresh = links.filter((link) => !was.has(textOf(link)));
  return {
    gone: gone.map(({ address }) => ({ path, address })),
    fresh: fresh.map((link) => ({ path, ...link })),
  };
}
