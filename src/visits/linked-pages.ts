import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { pruneContents } from "../observations/contents.ts";
import type { Visit } from "../sightings/queries.ts";

/** Prepares a visit that follows up to `depth` links: the start page is one of those to begin with. 0: none are followed. */
export async function beginLinks(db: Database, { server_id }: Visit, depth: number): Promise<void> {
  await db
    .updateTable("observed_pages")
    .set({ link_depth: null })
    .where("server_id", "=", server_id)
    .where("link_depth", ">", depth || -1)
    .execute();
  if (!depth) return;
  await db
    .insertInto("observed_pages")
    .values({ server_id, path: "/", in_record: 0, in_sitemap: 0, link_depth: 0 })
    .onConflict((conflict) => conflict.columns(["server_id", "path"]).doUpdateSet({ link_depth: 0 }))
    .execute();
}

/** With what was seen of it before, it would not be known that a page is still to be visited. */
const unseen = { observation_id: null, shown_id: null, etag: null, last_modified: null };

/** A page to which links led from one that is `depth` links away from where it begins. */
export interface FoundLink {
  path: string;
  depth: number;
}

/** Adds the pages that links led to, until there are `maxPages`. Returns the visit with their count. */
export async function addLinkedPages(db: Database, visit: Visit, found: FoundLink[], maxPages: number): Promise<Visit> {
  const nearest = found.toSorted((a, b) => b.depth - a.depth);
  const byPath = new Map(nearest.map(({ path, depth }) => [path, depth]));
  const paths = [...byPath.keys()].sort();
  if (!paths.length) return visit;
  const { server_id } = visit;
  return db.transaction().execute(async (trx) => {
    const known = await inBatches(paths, (batch) =>
      trx
        .selectFrom("observed_pages")
        .select(["path", "in_record", "in_sitemap", "link_depth"])
        .where("server_id", "=", server_id)
        .where("path", "in", batch)
        .execute(),
    );
    const listed = new Set(
      known.filter((page) => page.in_record || page.in_sitemap || page.link_depth !== null).map(({ path }) => path),
    );
    // a shorter way there was found
    for (const { path, link_depth } of known) {
      const depth = byPath.get(path) ?? 0;
      if (link_depth !== null && link_depth > depth) await setDepth(trx, server_id, path, depth);
    }
    const room = Math.max(maxPages - (visit.pages ?? 0), 0);
    const fresh = paths.filter((path) => !listed.has(path)).slice(0, room);
    if (!fresh.length) return visit;
    await inBatches(fresh, (batch) =>
      trx
        .insertInto("observed_pages")
        .values(batch.map((path) => ({ server_id, path, in_record: 0, in_sitemap: 0, link_depth: byPath.get(path) })))
        .onConflict((conflict) =>
          conflict
            .columns(["server_id", "path"])
            .doUpdateSet((eb) => ({ link_depth: eb.ref("excluded.link_depth"), ...unseen })),
        )
        .execute(),
    );
    const unused = await inBatches(fresh, (batch) =>
      trx
        .deleteFrom("observations")
        .where("server_id", "=", server_id)
        .where("path", "in", batch)
        .returning("content")
        .execute(),
    );
    await pruneContents(trx, unused);
    const pages = (visit.pages ?? 0) + fresh.length;
    await trx.updateTable("visits").set({ pages }).where("id", "=", visit.id).execute();
    return { ...visit, pages };
  });
}

const setDepth = (trx: Database, serverId: string, path: string, link_depth: number) =>
  trx
    .updateTable("observed_pages")
    .set({ link_depth })
    .where("server_id", "=", serverId)
    .where("path", "=", path)
    .execute();

/** Pages that links led to, and that were missing on two visits, are no longer looked for, until a link leads there again. */
export async function forgetMissingLinks(trx: Database, { server_id, started_at }: Visit): Promise<void> {
  await trx
    .updateTable("observed_pages")
    .set({ link_depth: null })
    .where("server_id", "=", server_id)
    .where("link_depth", ">", 0)
    .where(
      "observation_id",
      "in",
      trx
        .selectFrom("observed_pages as p")
        .innerJoin("observations as o", "o.id", "p.observation_id")
        .select("o.id")
        .where("p.server_id", "=", server_id)
        .where("p.link_depth", ">", 0)
        .where("o.outcome", "=", "missing")
        .where("o.seen_at", "<", started_at),
    )
    .execute();
}
