import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { serversTest } from "../intake/addresses.ts";
import type { PageLink } from "../observations/links.ts";
import type { Flag } from "../schema.ts";

/** An address that a page names, as it is kept. */
export interface NamedAddress {
  address: string;
  /** Whether browsers load it with the page; 0: it is a link. */
  loaded: Flag;
}

const maxAddresses = 200;

/**
 * The addresses on these servers that a page names, and on others but for links that robots are asked not to follow: 200 at
 * most, each once and without its fragment.
 */
export function addressesOn(links: PageLink[], baseUrls: string[], otherUrls: string[] = []): NamedAddress[] {
  const found = new Map<string, NamedAddress>();
  const isOnServers = serversTest(baseUrls);
  const isOnOthers = serversTest(otherUrls);
  for (const { address: url, kind } of links) {
    const isChecked = isOnServers(url) || (kind !== "nofollow" && isOnOthers(url));
    if (!isChecked || url.href.length > 2000) continue;
    const address = url.href.replace(/#.*/s, "");
    const loaded = kind === "loaded" ? 1 : 0;
    if (found.has(address) ? loaded : found.size < maxAddresses) found.set(address, { address, loaded });
  }
  return [...found.values()];
}

/** Keeps which addresses pages of a server name, in place of those that they named before. */
export async function savePageLinks(
  db: Database,
  server_id: string,
  noticed: Map<string, NamedAddress[]>,
): Promise<void> {
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
function changesOf(path: string, before: NamedAddress[], links: NamedAddress[]) {
  const textOf = ({ address, loaded }: NamedAddress) => `${loaded} ${address}`;
  const [is, was] = [new Set(links.map(textOf)), new Set(before.map(textOf))];
  const gone = before.filter((link) => !is.has(textOf(link)));
  const fresh = links.filter((link) => !was.has(textOf(link)));
  return {
    gone: gone.map(({ address }) => ({ path, address })),
    fresh: fresh.map((link) => ({ path, ...link })),
  };
}
