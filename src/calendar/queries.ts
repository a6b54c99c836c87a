import type { Database } from "../database/connect.ts";
import { nameThen } from "../record/former-names.ts";

export type CompletedPromotion = Awaited<ReturnType<typeof completedBetween>>[number];

/** The site's promotions that took effect from one moment to just before another, the oldest first. */
export function completedBetween(db: Database, siteId: string, from: string, until: string, limit: number) {
  return db
    .selectFrom("deployments as d")
    .innerJoin("promotions as p", "p.id", "d.promotion_id")
    .innerJoin("completions as c", (join) =>
      join.onRef("c.promotion_id", "=", "p.id").onRef("c.deployment_id", "=", "d.id"),
    )
    .innerJoin("releases as r", "r.id", "p.release_id")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .select(["p.number", "r.name", "d.effective_at", "e.tier", nameThen("e", "c.completed_at").as("environment")])
    .where("d.site_id", "=", siteId)
    .where("d.effective_at", ">=", from)
    .where("d.effective_at", "<", until)
    .orderBy("d.effective_at")
    .orderBy("d.number")
    .limit(limit)
    .execute();
}
