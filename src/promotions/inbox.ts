import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { type ChangeCounts, countChangesOfAll, type ReleaseSize, releaseSizes } from "./change-counts.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { needOf } from "./rules.ts";

export interface Inbox {
  /** What waits for this person, the longest first: to decide, and to complete. */
  decide: Promotion[];
  complete: Promotion[];
  others: Promotion[];
  done: Promotion[];
  /** How many there are of all that came to an end, and whether there are older ones than those listed. */
  ended: number;
  more: boolean;
  tallies: Map<string, ChangeCounts>;
  sizes: Map<string, ReleaseSize>;
}

/** All that is open, and the newest that is done; with what each changes, counted. */
export async function loadInbox(
  db: Database,
  by: Actor,
  site: Site,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<Inbox> {
  const open = await listPromotions(db, site.id, { open: true, limit: 1000 });
  const ended = await listPromotions(db, site.id, { open: false, before, limit: limit + 1 });
  const done = ended.slice(0, limit);
  const needs = (need: ReturnType<typeof needOf>) => open.filter((one) => needOf(one, by) === need);
  return {
    decide: needs("decision").reverse(),
    complete: needs("completion").reverse(),
    others: needs(undefined),
    done,
    ended: (await asked(db, site.id)) - open.length,
    more: ended.length > limit,
    tallies: await countChangesOfAll(
      db,
      by.person.id,
      open.map((one) => one.id),
    ),
    sizes: await releaseSizes(
      db,
      done.map((one) => one.release_id),
    ),
  };
}

/** How many promotions there ever were: the number last given out. */
async function asked(db: Database, siteId: string): Promise<number> {
  const site = await db.selectFrom("sites").select("promotions").where("id", "=", siteId).executeTakeFirstOrThrow();
  return site.promotions;
}
