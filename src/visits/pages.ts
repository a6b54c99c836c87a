import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Digests } from "../observations/view-text.ts";
import type { Flag } from "../schema.ts";
import { isListed, type Visit } from "../sightings/queries.ts";

/** Writes which pages of a server are to be looked at: those of the record, with its removals, and those of its sitemaps. */
export async function planPages(
  db: Database,
  visit: Visit,
  { paths, note = null }: { paths: Set<string>; note: string | null | undefined },
): Promise<Visit> {
  const { server_id } = visit;
  const recorded = await db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select("a.key")
    .where("c.environment_id", "=", visit.environment_id)
    .where("a.kind", "=", "page")
    .execute();
  const inRecord = new Set(recorded.map(({ key }) => key));
  const known = await db
    .selectFrom("observed_pages")
    .select(["path", "in_record", "in_sitemap", "link_depth"])
    .where("server_id", "=", server_id)
    .execute();
  const before = new Map(known.map((page) => [page.path, page]));
  const flag = (is: boolean): Flag => (is ? 1 : 0);
  const wanted = [...new Set([...before.keys(), ...inRecord, ...paths])].map((path) => ({
    server_id,
    path,
    in_record: flag(inRecord.has(path)),
    // of a sitemap that could not be read, what it had before counts
    in_sitemap: flag(paths.has(path) || (note !== null && before.get(path)?.in_sitemap === 1)),
  }));
  const isNew = (page: (typeof wanted)[number]) => {
    const was = before.get(page.path);
    return was?.in_record !== page.in_record || was.in_sitemap !== page.in_sitemap;
  };
  const isLinked = (path: string) => (before.get(path)?.link_depth ?? null) !== null;
  const pages = wanted.filter(({ path, ...listed }) => listed.in_record || listed.in_sitemap || isLinked(path)).length;
  return db.transaction().execute(async (trx) => {
    await inBatches(wanted.filter(isNew), (rows) =>
      trx
        .insertInto("observed_pages")
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(["server_id", "path"]).doUpdateSet((eb) => ({
            in_record: eb.ref("excluded.in_record"),
            in_sitemap: eb.ref("excluded.in_sitemap"),
          })),
        )
        .execute(),
    );
    await trx.updateTable("visits").set({ pages, note }).where("id", "=", visit.id).execute();
    return { ...visit, pages, note };
  });
}

/**
 * The next pages to look at, in order of paths, with their last good observations. `links`: with those to which links led
 * since, wherever they are in that order.
 */
export async function nextPages(
  db: Database,
  { server_id, last_path }: Visit,
  { limit, links }: { limit: number; links: boolean },
) {
  const rows = await db
    .selectFrom("observed_pages as p")
    .leftJoin("observations as o", "o.id", "p.shown_id")
    .select(["p.path", "p.link_depth", "p.etag", "p.last_modified", "p.observation_id", "p.shown_id"])
    .select(["o.text_digest", "o.structure_digest", "o.content"])
    .where("p.server_id", "=", server_id)
    .where((eb) => {
      const isNext = eb("p.path", ">", last_path);
      return links
        ? eb.or([isNext, eb.and([eb("p.observation_id", "is", null), eb("p.link_depth", "is not", null)])])
        : isNext;
    })
    .where(isListed)
    .orderBy("p.path")
    .limit(limit)
    .execute();
  return rows.map(({ path, link_depth, etag, last_modified, observation_id, shown_id, ...good }) => ({
    path,
    link_depth,
    // to be sent so that the server says if the page is unchanged
    ...(observation_id === shown_id ? { etag, last_modified } : { etag: null, last_modified: null }),
    good: good.text_digest === null ? undefined : (good as typeof good & Digests),
  }));
}
