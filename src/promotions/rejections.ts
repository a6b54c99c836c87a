import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { notFound, refuse } from "../errors.ts";
import { listContents } from "../record/releases.ts";
import { mayWithdraw, whyNotDismiss } from "./need-rules.ts";
import { findPromotion, listPromotions, type Promotion } from "./queries.ts";

/** The rejected promotions that this person has to settle: they requested them, or made their release. Newest first. */
export async function rejectionsOf(db: Database, actor: Actor, siteId: string): Promise<Promotion[]> {
  if (!actor.permissions.has("promote") && !actor.permissions.has("release")) return [];
  const ids = (await unsettledOf(db, siteId)).map((row) => row.promotion_id);
  if (!ids.length) return [];
  const rejected = await listPromotions(db, siteId, { ids, limit: ids.length });
  const isMaker = (promotion: Promotion) => actor.permissions.has("release") && promotion.maker_id === actor.person.id;
  return rejected.filter((promotion) => isMaker(promotion) || mayWithdraw(promotion, actor));
}

const unsettledOf = precompiled((db, siteId: string) =>
  db.selectFrom("unsettled_rejections").select("promotion_id").where("site_id", "=", siteId),
);

/** Puts a rejection into its requester's inbox. */
export async function addRejection(trx: Database, site: Site, promotion: Promotion): Promise<void> {
  const row = { promotion_id: promotion.id, site_id: site.id, environment_id: promotion.environment_id };
  await trx.insertInto("unsettled_rejections").values(row).execute();
}

/**
 * Takes a rejection out of its requester's inbox. Dismissing it again changes nothing. It is no event: nothing about the
 * promotion changes. Throws a Refusal with 409 if it was not rejected, and 403 if somebody else requested it.
 */
export async function dismissRejection(db: Database, actor: Actor, site: Site, number: number): Promise<void> {
  await siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
    refuse(whyNotDismiss(promotion, actor), promotion.state === "rejected" ? 403 : 409);
    await settle(trx, promotion.id);
  });
}

/** Settles the rejections that a new request answers: of the same release, or of contents that it includes too. */
export async function settleRejections(
  trx: Database,
  siteId: string,
  newer: { release_id: string; environment_id: string },
  contents: { artifact_id: string }[],
): Promise<void> {
  const rows = await trx
    .selectFrom("unsettled_rejections as u")
    .innerJoin("promotions as p", "p.id", "u.promotion_id")
    .select(["p.id", "p.release_id", "u.environment_id"])
    .where("u.site_id", "=", siteId)
    .execute();
  const included = new Set(contents.map((content) => content.artifact_id));
  for (const { id, release_id } of rows.filter((row) => row.environment_id === newer.environment_id)) {
    const isSame = release_id === newer.release_id;
    if (isSame || (await listContents(trx, release_id)).every((content) => included.has(content.artifact_id)))
      await settle(trx, id);
  }
}

const settle = (trx: Database, promotionId: string) =>
  trx.deleteFrom("unsettled_rejections").where("promotion_id", "=", promotionId).execute();
