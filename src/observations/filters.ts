import type { Database } from "../database/connect.ts";
import { type Filter, filterOf, type Mask, type Noise } from "./view.ts";

/** What is left out of pages of a site, by path. */
export type Filters = (path: string) => Filter;

/** The filters of these pages, or of all. `masks`: instead of those that are stored. */
export async function filtersOf(
  db: Database,
  siteId: string,
  { paths, masks }: { paths?: string[] | undefined; masks?: Mask[] | undefined } = {},
): Promise<Filters> {
  const used = masks ?? (await masksOf(db, siteId));
  const byPath = await noiseOf(db, siteId, paths);
  const unlearned = filterOf(used, []);
  return (path) => {
    const known = byPath.get(path);
    return known ? filterOf(used, known) : unlearned;
  };
}

/** What is noise of these pages, or of all, by path. */
export async function noiseOf(db: Database, siteId: string, paths?: string[]): Promise<Map<string, Noise[]>> {
  const query = db.selectFrom("learned_noise").select(["path", "kind", "place"]).where("site_id", "=", siteId);
  const noise = await (paths ? query.where("path", "in", paths) : query).execute();
  return Map.groupBy(noise, ({ path }) => path);
}

/** The masks of a site, oldest first. */
export const masksOf = (db: Database, siteId: string): Promise<(Mask & { id: string })[]> =>
  db.selectFrom("masks").select(["id", "kind", "expression"]).where("site_id", "=", siteId).orderBy("id").execute();
