import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { notFound, refuse } from "../errors.ts";
import { remakeDigests } from "./digests.ts";
import { filtersOf } from "./filters.ts";
import type { FoundNoise } from "./find-noise.ts";

/** Stores what was learned about pages of a site, and makes their digests anew. */
export async function learnNoise(
  trx: Database,
  siteId: string,
  learned: { path: string; noise: FoundNoise[] }[],
  now: string,
): Promise<void> {
  const paths = learned.filter(({ noise }) => noise.length).map(({ path }) => path);
  if (!paths.length) return;
  for (const { path, noise } of learned)
    for (const { kind, place, example } of noise) {
      const id = sha256(JSON.stringify([siteId, path, kind, place]));
      const row = { id, site_id: siteId, path, kind, place, example, learned_at: now };
      await trx
        .insertInto("learned_noise")
        .values(row)
        .onConflict((conflict) => conflict.column("id").doNothing())
        .execute();
    }
  await remakeDigests(trx, siteId, await filtersOf(trx, siteId, { paths }), { paths });
}

/** Has a place of a page compared again. Throws a Refusal with 403 or 404. */
export function forgetNoise(db: Database, actor: Actor, site: Pick<Site, "id">, id: string): Promise<{ path: string }> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx) => {
    const noise = await trx
      .deleteFrom("learned_noise")
      .where("id", "=", id)
      .where("site_id", "=", site.id)
      .returning("path")
      .executeTakeFirst();
    const { path } = noise ?? notFound("learned noise");
    await remakeDigests(trx, site.id, await filtersOf(trx, site.id, { paths: [path] }), { paths: [path] });
    return { path };
  });
}

/** What is noise of a page, in the order of its places. */
export const listNoise = (db: Database, siteId: string, path: string) =>
  db
    .selectFrom("learned_noise")
    .select(["id", "kind", "place", "example", "learned_at"])
    .where("site_id", "=", siteId)
    .where("path", "=", path)
    .orderBy("place")
    .execute();

/** Whether noise was learned on a site from a moment on. */
export async function hasLearnedSince(db: Database, siteId: string, since: string): Promise<boolean> {
  const query = db.selectFrom("learned_noise").select("id").where("site_id", "=", siteId).limit(1);
  return (await query.where("learned_at", ">=", since).executeTakeFirst()) !== undefined;
}
