import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { type Deployment, listDeploymentPlacements, listDeployments } from "../deployments/queries.ts";
import { listPromotions } from "../promotions/queries.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { type RoleNames, roleNamesOverTime } from "../record/role-names.ts";
import { nameWithKind } from "../text.ts";

export interface FeedLine {
  key: string;
  title: string | null;
  /** null: it was removed. */
  version: string | null;
  /** null: it was not there, or nothing is known of it. */
  before: string | null;
  corrected: boolean;
}

export interface FeedEntry extends Pick<Deployment, "id" | "number" | "effective_at" | "person" | "kind" | "changed"> {
  /** When it was recorded, or corrected last. */
  updated: string;
  note: string | null;
  baseline: boolean;
  out_of_band: boolean;
  promotion: number | null;
  /** The name of the promotion's release; null without a promotion. */
  release: string | null;
  /** The first ones, pages before software. */
  lines: FeedLine[];
  approvals: { name: string; role: string }[];
}

export interface EnvironmentFeed {
  id: string;
  environment: Pick<Environment, "slug" | "name">;
  /** Newest first. */
  entries: FeedEntry[];
  updated: string;
}

const maxEntries = 50;
const maxLines = 10;

/** The newest deployments to an environment, each with the first lines that it changed and who approved it. */
export async function environmentFeed(
  db: Database,
  site: Site,
  environment: Environment,
  feed: { id: string; created_at: string },
): Promise<EnvironmentFeed> {
  const deployments = await listDeployments(db, site.id, { environment: environment.id, limit: maxEntries });
  const promotionIds = [...new Set(deployments.flatMap(({ promotion_id }) => promotion_id ?? []))];
  const promotions = promotionIds.length
    ? await listPromotions(db, site.id, { ids: promotionIds, limit: promotionIds.length })
    : [];
  const names = new Map(promotions.map(({ id, name }) => [id, name]));
  const approvers = await listApprovers(db, deployments);
  const corrected = await correctedAt(
    db,
    deployments.map(({ id }) => id),
  );
  const roles = await roleNamesOverTime(db);
  const entries: FeedEntry[] = [];
  for (const { baseline, out_of_band, ...deployment } of deployments) {
    const lines = await listDeploymentPlacements(db, deployment.id, { limit: maxLines });
    const approvals = approvers.get(deployment.promotion_id ?? "") ?? [];
    entries.push({
      ...deployment,
      updated: corrected.get(deployment.id) ?? deployment.recorded_at,
      baseline: baseline === 1,
      out_of_band: out_of_band > 0,
      release: names.get(deployment.promotion_id ?? "") ?? null,
      lines: lines.map((line) => ({ ...line, corrected: line.corrected === 1 })),
      approvals: approvals.map((approval) => approvalOf(approval, roles)),
    });
  }
  const updated = entries.map((entry) => entry.updated).sort();
  return { id: feed.id, environment, entries, updated: updated.at(-1) ?? feed.created_at };
}

const approvalOf = ({ person, kind, role, decided_at }: ApprovedBy, rolesAt: (at: string) => RoleNames) => ({
  name: nameWithKind({ name: person, kind }),
  role: rolesAt(decided_at)[role] ?? role,
});

/** When something in each of these deployments was corrected last, by its id. */
async function correctedAt(db: Database, deploymentIds: string[]): Promise<Map<string, string>> {
  if (!deploymentIds.length) return new Map();
  const rows = await db
    .selectFrom("corrections as c")
    .select(({ fn }) => ["c.corrected_id", fn.max("c.recorded_at").as("at")])
    .where("c.corrected_id", "in", deploymentIds)
    .groupBy("c.corrected_id")
    .execute();
  return new Map(rows.map(({ corrected_id, at }) => [corrected_id, at]));
}
