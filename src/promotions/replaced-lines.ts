import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { isCorrected, isEffective } from "../record/as-of.ts";
import { type CurrentPlacement, currentPlacements } from "../record/current.ts";
import type { FrozenLine } from "../record/freeze-release.ts";
import type { Promotion } from "./queries.ts";
import { isRestorable, type ReplacedLine } from "./rollback-rules.ts";

/** A deployment that changed the same line later, with its promotion if it had one. */
interface LaterChange {
  deployment: number;
  promotion: number | null;
}

export type RollbackLine = ReplacedLine &
  FrozenLine & {
    section: string;
    title: string | null;
    current: CurrentPlacement | undefined;
    /** Oldest first. */
    later: LaterChange[];
    restorable: boolean;
  };

/** The lines that a completed promotion changed in its target, with what they replaced, by kind and key. */
export async function replacedLines(
  db: Database,
  { environment_id, completion }: Pick<Promotion, "environment_id" | "completion">,
): Promise<RollbackLine[]> {
  if (!completion) return [];
  const rows = await rowsBefore(db, completion.deployment_id);
  const ids = rows.map((row) => row.artifact_id);
  const current = await currentPlacements(db, environment_id, ids);
  const later = Map.groupBy(await laterChanges(db, completion.deployment_id, ids), (row) => row.artifact_id);
  return rows.map(({ corrected, ...row }) => {
    const line = { ...row, corrected: Boolean(corrected), current: current.get(row.artifact_id) };
    const changes = (later.get(row.artifact_id) ?? []).map(({ deployment, promotion }) => ({ deployment, promotion }));
    return { ...line, later: changes, restorable: isRestorable(line) };
  });
}

/** The placements of a deployment that still count or were corrected, with what was there before them. */
function rowsBefore(db: Database, deploymentId: string) {
  return db
    .selectFrom("placements as p")
    .innerJoin("artifacts as a", "a.id", "p.artifact_id")
    .leftJoin("placements as b", (join) =>
      join.on("b.seq", "=", (eb) =>
        eb
          .selectFrom("placements as q")
          .select("q.seq")
          .whereRef("q.environment_id", "=", "p.environment_id")
          .whereRef("q.artifact_id", "=", "p.artifact_id")
          .where(sql<boolean>`(q.effective_at, q.seq) < (p.effective_at, p.seq)`)
          .where(isEffective("q"))
          .orderBy("q.effective_at", "desc")
          .orderBy("q.seq", "desc")
          .limit(1),
      ),
    )
    .leftJoin("versions as v", "v.id", "b.version_id")
    .leftJoin("versions as w", "w.id", "p.version_id")
    .select(["p.artifact_id", "a.kind", "a.key", "a.section", "b.version_id", "v.label as version", "v.digest"])
    .select(sql<string | null>`coalesce(v.title, w.title, a.title)`.as("title"))
    .select(sql<number>`case when ${isCorrected("p")} then 1 else 0 end`.as("corrected"))
    .where("p.deployment_id", "=", deploymentId)
    .where(sql<boolean>`(${isEffective("p")} or ${isCorrected("p")})`)
    .orderBy("a.kind")
    .orderBy("a.key")
    .execute();
}

/** What changed these lines in the same environment after the deployment, oldest first. */
function laterChanges(db: Database, deploymentId: string, artifactIds: string[]) {
  return inBatches(artifactIds, (batch) =>
    db
      .selectFrom("placements as p")
      .innerJoin("placements as q", (join) =>
        join.onRef("q.environment_id", "=", "p.environment_id").onRef("q.artifact_id", "=", "p.artifact_id"),
      )
      .innerJoin("deployments as d", "d.id", "q.deployment_id")
      .leftJoin("promotions as pr", "pr.id", "q.promotion_id")
      .select(["q.artifact_id", "d.number as deployment", "pr.number as promotion"])
      .where("p.deployment_id", "=", deploymentId)
      .where("p.artifact_id", "in", batch)
      .where(sql<boolean>`(q.effective_at, q.seq) > (p.effective_at, p.seq)`)
      .where(isEffective("q"))
      .orderBy("q.effective_at")
      .orderBy("q.seq")
      .execute(),
  );
}
