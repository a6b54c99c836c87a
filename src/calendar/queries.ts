import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listPromotions } from "../promotions/queries.ts";
import { nameThen } from "../record/former-names.ts";
import { compareText } from "../text.ts";

export interface CompletedPromotion {
  number: number;
  name: string;
  /** ISO 8601 UTC. */
  effective_at: string;
  tier: string;
  environment: string;
}

/** The site's promotions that took effect from one moment to just before another, the oldest first. */
export async function completedBetween(
  db: Database,
  siteId: string,
  from: string,
  until: string,
  limit: number,
): Promise<CompletedPromotion[]> {
  // deployments first, in the order of their index: joined in one query, PostgreSQL would read all completions
  const deployments = await db
    .selectFrom("deployments")
    .select(["id", "promotion_id", "effective_at"])
    .where("site_id", "=", siteId)
    .where("effective_at", ">=", from)
    .where("effective_at", "<", until)
    .where("promotion_id", "is not", null)
    .orderBy("effective_at")
    .orderBy("number")
    .limit(limit)
    .execute();
  const promotions = await inBatches(
    deployments.map(({ promotion_id }) => promotion_id as string),
    (batch) => completedOf(db, batch),
  );
  const byDeployment = new Map(promotions.map((promotion) => [promotion.deployment_id, promotion]));
  return deployments.flatMap(({ id, effective_at }) => {
    const promotion = byDeployment.get(id);
    return promotion ? [{ ...promotion, effective_at }] : [];
  });
}

function completedOf(db: Database, promotionIds: string[]) {
  return db
    .selectFrom("promotions as p")
    .innerJoin("completions as c", "c.promotion_id", "p.id")
    .innerJoin("releases as r", "r.id", "p.release_id")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .select(["p.number", "r.name", "c.deployment_id", "e.tier", nameThen("e", "c.completed_at").as("environment")])
    .where("p.id", "in", promotionIds)
    .execute();
}

export interface PlannedMoment {
  number: number;
  name: string;
  /** ISO 8601 UTC. */
  at: string;
  by_itself: boolean;
  tier: string;
  environment: string;
}

/** What is planned from one moment to just before another, of promotions that have not ended, the earliest first. */
export async function plannedBetween(
  db: Database,
  siteId: string,
  from: string,
  until: string,
): Promise<PlannedMoment[]> {
  const promotions = await listPromotions(db, siteId, { open: true, limit: 1000 });
  const moments = promotions.flatMap(({ number, name, environment, schedule }) => {
    const promotion = { number, name, environment: environment.name, tier: environment.tier };
    return schedule?.go_live_at ? [{ ...promotion, at: schedule.go_live_at, by_itself: schedule.by_itself }] : [];
  });
  return moments.filter(({ at }) => at >= from && at < until).sort((a, b) => compareText(a.at, b.at));
}
