import type { Database } from "../database/connect.ts";
import { isOnServers } from "../intake/addresses.ts";

/** The addresses that are missing, and those on these other servers, by the pages that name them. */
export async function badLinks(db: Database, serverId: string, otherUrls: string[]) {
  const broken = await db
    .selectFrom("broken_links as b")
    .innerJoin("page_links as l", (join) =>
      join.onRef("l.server_id", "=", "b.server_id").onRef("l.address", "=", "b.address"),
    )
    .select(["l.path", "l.address", "b.problem"])
    .where("b.server_id", "=", serverId)
    .orderBy("l.address")
    .execute();
  const others = await Promise.all(otherUrls.map((url) => linksBelow(db, serverId, url)));
  return { broken: Map.groupBy(broken, ({ path }) => path), elsewhere: Map.groupBy(others.flat(), ({ path }) => path) };
}

async function linksBelow(db: Database, serverId: string, url: string) {
  const rows = await db
    .selectFrom("page_links")
    .select(["path", "address"])
    .where("server_id", "=", serverId)
    .where("address", ">=", url)
    .where("address", "<", `${url}\uffff`)
    .orderBy("address")
    .execute();
  // the beginning may be that of another host or port
  return rows.filter(({ address }) => isOnServers(new URL(address), [url]));
}
