import { Parser } from "htmlparser2";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { isOnServers } from "../intake/addresses.ts";
import type { Client } from "../network/get.ts";

/** The attributes that name what a page uses or links to. */
const attributesOf: Record<string, string> = {
  a: "href",
  area: "href",
  img: "src",
  script: "src",
  iframe: "src",
  source: "src",
  video: "src",
  audio: "src",
};

/** Of `link`, those that a browser loads. */
const loaded = /\b(stylesheet|icon|manifest|preload|modulepreload)\b/i;

const maxLinks = 200;

/** The addresses on these servers that a page of HTML uses or links to: 200 at most, each once and without its fragment. */
function linksIn(html: string, address: string, baseUrls: string[]): string[] {
  const found = new Set<string>();
  let base = address;
  const parser = new Parser({
    onopentag: (tag, attributes) => {
      if (tag === "base" && attributes.href && base === address)
        base = URL.parse(attributes.href, address)?.href ?? base;
      const name = tag === "link" && loaded.test(attributes.rel ?? "") ? "href" : (attributesOf[tag] ?? "");
      const url = attributes[name] ? URL.parse(attributes[name], base) : null;
      if (!url || found.size >= maxLinks || !isOnServers(url, baseUrls) || url.href.length > 2000) return;
      url.hash = "";
      found.add(url.href);
    },
  });
  parser.end(html);
  return [...found];
}

/** The client of a visit that also reads which addresses on these servers a page names. */
export const noticingAddresses = (client: Client, baseUrls: string[], notice: (links: string[]) => void): Client => ({
  ...client,
  get: async (url, headers, limits) => {
    const response = await client.get(url, headers, limits);
    const isHtml = /^(text\/html|application\/xhtml\+xml)\b/i.test(response.headers["content-type"] ?? "");
    if (response.status === 200 && isHtml) notice(linksIn(response.body.toString("utf8"), url.href, baseUrls));
    return response;
  },
});

/** Keeps which addresses pages of a server name, in place of those that they named before. */
export async function savePageLinks(db: Database, server_id: string, noticed: Map<string, string[]>): Promise<void> {
  if (!noticed.size) return;
  const known = await db
    .selectFrom("page_links")
    .select(["path", "address"])
    .where("server_id", "=", server_id)
    .where("path", "in", [...noticed.keys()])
    .execute();
  const before = Map.groupBy(known, ({ path }) => path);
  await db.transaction().execute(async (trx) => {
    for (const [path, links] of noticed) {
      const old = new Set(before.get(path)?.map(({ address }) => address));
      const fresh = links.filter((address) => !old.has(address));
      const gone = [...old].filter((address) => !links.includes(address));
      const ofPage = { server_id, path };
      if (gone.length)
        await trx
          .deleteFrom("page_links")
          .where("server_id", "=", server_id)
          .where("path", "=", path)
          .where("address", "in", gone)
          .execute();
      await inBatches(fresh, (addresses) =>
        trx
          .insertInto("page_links")
          .values(addresses.map((address) => ({ ...ofPage, address })))
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      );
    }
  });
}
