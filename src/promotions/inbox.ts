import type { Actor, StandIn } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { withDelegations } from "../delegations/queries.ts";
import { listFreezes } from "../freezes/queries.ts";
import { forcedToReview } from "./break-glass.ts";
import { type ChangeCounts, countChangesOfAll, type ReleaseSize, releaseSizes } from "./change-counts.ts";
import { mentionsOf } from "./comments.ts";
import { standInOn } from "./decision-rules.ts";
import { takeDownsDue } from "./due-moments.ts";
import { mayWithdraw, type Need, needOf } from "./need-rules.ts";
import { type OpenBlockers, openBlockers, withFrozen } from "./open-blockers.ts";
import { type OpenFindings, openFindingsOf } from "./open-findings.ts";
import { type RequestedChange, requestedChanges } from "./page-comments.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { rejectionsOf } from "./rejections.ts";

export interface Inbox {
  /** What this person requested and has to settle: what was rejected, and what cannot go on as it is. */
  rejected: Promotion[];
  /** On which this person was mentioned since they last opened them. */
  mentioned: Promotion[];
  /** The person who is away and for whom this one would decide, by promotion id. */
  standsInFor: Map<string, StandIn | undefined>;
  /** The ids of those that this person may dismiss: the others are of releases that they made. */
  dismissible: Set<string>;
  /** What the rejections ask to be changed on single pages, by promotion id. */
  requested: Map<string, RequestedChange[]>;
  blocked: Promotion[];
  /** What blocks open promotions besides missing approvals, by promotion id. */
  blockers: OpenBlockers;
  /** What this person has to decide, and to complete; those that have waited longest first. */
  decide: Promotion[];
  complete: Promotion[];
  /** Whose planned moment came, though something else has to happen before this person can complete them. */
  due: Promotion[];
  /** Completed promotions whose take-down could not be requested at its moment, to be seen to by this person. */
  takeDownsDue: Promotion[];
  /** What was completed without its gate, and this person has to review. */
  forced: Promotion[];
  /** What the servers show, for those who may record it. */
  found: OpenFindings[];
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
  person: Actor,
  site: Site,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<Inbox> {
  const actor = await withDelegations(db, site.id, person);
  const open = await listPromotions(db, site.id, { open: true, limit: 1000 });
  const ended = await listPromotions(db, site.id, { open: false, before, limit: limit + 1 });
  const done = ended.slice(0, limit);
  const freezes = await listFreezes(db, site.id, { unended: true, endsAfter: actor.at });
  const blockers = withFrozen(await openBlockers(db, site.id, open, actor.at), open, freezes, actor.at);
  const needing = (need: Need | undefined) =>
    open.filter((promotion) => needOf(promotion, actor, blockers.get(promotion.id) ?? []) === need);
  const rejected = await rejectionsOf(db, actor, site.id);
  const mentioned = await mentionsOf(db, site.id, actor.person.id);
  const overdue = await takeDownsDue(db, actor, site.id);
  return {
    rejected,
    mentioned,
    standsInFor: new Map(open.map((promotion) => [promotion.id, standInOn(promotion, actor)])),
    dismissible: new Set(rejected.filter((one) => mayWithdraw(one, actor)).map((promotion) => promotion.id)),
    requested: new Map(
      await Promise.all(
        rejected.map(async (promotion) => [promotion.id, await requestedChanges(db, promotion)] as const),
      ),
    ),
    blocked: needing("settlement"),
    blockers,
    decide: needing("decision").reverse(),
    complete: needing("completion").reverse(),
    due: needing("due").reverse(),
    takeDownsDue: overdue,
    forced: await forcedToReview(db, actor, site.id),
    found: actor.permissions.has("record") ? await openFindingsOf(db, site) : [],
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
      [...rejected, ...mentioned, ...overdue, ...done].map((promotion) => promotion.release_id),
    ),
  };
}

/** The number of the latest promotion, which is how many there have been. */
async function lastNumber(db: Database, siteId: string): Promise<number> {
  const site = await db.selectFrom("sites").select("promotions").where("id", "=", siteId).executeTakeFirstOrThrow();
  return site.promotions;
}
