import type { Badge } from "../../views/feeds/badge.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { listDeployments } from "../deployments/queries.ts";
import { listPromotions } from "../promotions/queries.ts";
import type { PromotionState } from "../promotions/rules.ts";
import { longTime } from "../time/format.ts";
import type { Feed } from "./queries.ts";

/** What the badge of a feed says. */
export function badgeOf(db: Database, site: Site, feed: Feed): Promise<Badge> {
  if (feed.kind === "badge_promotion") return promotionBadge(db, site, feed);
  return feed.kind === "badge_software" ? softwareBadge(db, feed) : environmentBadge(db, site, feed);
}

async function environmentBadge(db: Database, site: Site, { environment, environment_id }: Feed): Promise<Badge> {
  const [newest] = await listDeployments(db, site.id, { environment: environment_id ?? "", limit: 1 });
  const label = `${environment} changed`;
  if (!newest) return { label, value: "never", tone: "plain" };
  return { label, value: longTime(newest.effective_at, site.time_zone), tone: "good" };
}

async function softwareBadge(db: Database, feed: Feed): Promise<Badge> {
  const current = await db
    .selectFrom("current_placements as c")
    .innerJoin("versions as v", "v.id", "c.version_id")
    .select(["v.label", "c.out_of_band"])
    .where("c.environment_id", "=", feed.environment_id)
    .where("c.artifact_id", "=", feed.artifact_id)
    .executeTakeFirst();
  const label = `${feed.software} on ${feed.environment}`;
  if (!current) return { label, value: "not deployed", tone: "plain" };
  return { label, value: current.label, tone: current.out_of_band ? "bad" : "good" };
}

const tones: Record<PromotionState, Badge["tone"]> = {
  waiting: "waiting",
  approved: "good",
  completed: "good",
  rejected: "bad",
  cancelled: "plain",
  superseded: "plain",
  expired: "plain",
};

async function promotionBadge(db: Database, site: Site, { promotion_id, promotion: number }: Feed): Promise<Badge> {
  const [promotion] = await listPromotions(db, site.id, { ids: [promotion_id ?? ""] });
  const state = promotion?.state ?? "waiting";
  return { label: `promotion ${number} to ${promotion?.environment.name}`, value: state, tone: tones[state] };
}
