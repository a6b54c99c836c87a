import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
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
  what: "go_live" | "take_down";
  /** ISO 8601 UTC. */
  at: string;
  by_itself: boolean;
  tier: string;
  environment: string;
}

/** What is planned from one moment to just before another and has not happened, the earliest first. */
export async function plannedBetween(
  db: Database,
  siteId: string,
  from: string,
  until: string,
): Promise<PlannedMoment[]> {
  return (await promotionsPlannedBetween(db, siteId, from, until))
    .flatMap(momentsOf)
    .filter(({ at }) => at >= from && at < until)
    .sort((a, b) => compareText(a.at, b.at));
}

/** The promotions that were planned for a moment of this period at any time, newest first. */
export async function promotionsPlannedBetween(
  db: Database,
  siteId: string,
  from: string,
  until: string,
): Promise<Promotion[]> {
  const ids = await scheduledBetween(db, siteId, from, until);
  return ids.length ? listPromotions(db, siteId, { ids, limit: ids.length }) : [];
}

async function scheduledBetween(db: Database, siteId: string, from: string, until: string): Promise<string[]> {
  const rows = await db
    .selectFrom("schedules as s")
    // a cross join keeps SQLite from walking all promotions in search of the few that were planned
    .crossJoin("promotions as p")
    .select("s.promotion_id")
    .whereRef("p.id", "=", "s.promotion_id")
    .where("p.site_id", "=", siteId)
    .where((eb) =>
      eb.or([
        eb("s.go_live_at", ">=", from).and("s.go_live_at", "<", until),
        eb("s.take_down_at", ">=", from).and("s.take_down_at", "<", until),
      ]),
    )
    .execute();
  return [...new Set(rows.map((row) => row.promotion_id))];
}

/** The moments of a promotion that are still to come, or on which somebody has to act. */
function momentsOf({ number, name, environment, open, completion, schedule }: Promotion): PlannedMoment[] {
  const { go_live_at, by_itself = false, take_down_at, take_down_by_itself = false, taken_down_by } = schedule ?? {};
  const promotion = { number, name, environment: environment.name, tier: environment.tier };
  const moments: PlannedMoment[] = [];
  if (open && go_live_at) moments.push({ ...promotion, what: "go_live", at: go_live_at, by_itself });
  if ((open || completion) && take_down_at && !taken_down_by)
    moments.push({ ...promotion, what: "take_down", at: take_down_at, by_itself: take_down_by_itself });
  return moments;
}
