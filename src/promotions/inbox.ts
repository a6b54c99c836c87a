import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { forcedToReview } from "./break-glass.ts";
import { type ChangeCounts, countChangesOfAll, type ReleaseSize, releaseSizes } from "./change-counts.ts";
import { type OpenBlockers, openBlockers } from "./open-blockers.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { rejectionsOf } from "./rejections.ts";
import { type Need, needOf } from "./rules.ts";

export interface Inbox {
  /** What this person requested and has to settle: what was rejected, and what cannot go on as it is. */
  rejected: Promotion[];
  blocked: Promotion[];
  /** What blocks open promotions besides missing approvals, by promotion id. */
  blockers: OpenBlockers;
  /** What this person has to decide, and to complete; those that have waited longest first. */
  decide: Promotion[];
  complete: Promotion[];
  /** What was completed without its gate, and this person has to review. */
  forced: Promotion[];
  others: Promotion[];
  done: Promotion[];
  /** How many promotions have ended in all, and whether there are older ones than those listed. */
  ended: number;
  more: boolean;
  /** By promotion id, for the open ones; and by release id, for those that ended. */
  changes: Map<string, ChangeCounts>;
  sizes: Map<string, ReleaseSize>;
}

/** All open promotions with the counts of what they change, and the newest ones that ended. */
export async function loadInbox(
  db: Database,
  actor: Actor,
  site: Site,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<Inbox> {
  const open = await listPromotions(db, site.id, { open: true, limit: 1000 });
  const ended = await listPromotions(db, site.id, { open: false, before, limit: limit + 1 });
  const done = ended.slice(0, limit);
  const blockers = await openBlockers(db, site.id, open);
  const needing = (need: Need | undefined) =>
    open.filter((promotion) => needOf(promotion, actor, blockers.get(promotion.id) ?? []) === need);
  const rejected = await rejectionsOf(db, actor, site.id);
  return {
    rejected,
    blocked: needing("settlement"),
    blockers,
    decide: needing("decision").reverse(),
    complete: needing("completion").reverse(),
    forced: await forcedToReview(db, actor, site.id),
    others: needing(undefined),
    done,
    ended: (await lastNumber(db, site.id)) - open.length,
    more: ended.length > limit,
    changes: await countChangesOfAll(
      db,
      actor.person.id,
      open.map((promotion) => promotion.id),
    ),
    sizes: await releaseSizes(
      db,
      [...rejected, ...done].map((promotion) => promotion.release_id),
    ),
  };
}

/** The number of the latest promotion, which is how many there have been. */
async function lastNumber(db: Database, siteId: string): Promise<number> {
  const site = await db.selectFrom("sites").select("promotions").where("id", "=", siteId).executeTakeFirstOrThrow();
  return site.promotions;
}
