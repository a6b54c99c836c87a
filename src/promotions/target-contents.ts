import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { placementsAsOf } from "../record/as-of.ts";
import { firstChange, isKnownBefore } from "../record/changes.ts";
import { type CurrentPlacement, currentPlacements } from "../record/current.ts";
import type { Promotion } from "./queries.ts";

export type TargetContent = Pick<CurrentPlacement, "artifact_id" | "version_id" | "version" | "title" | "out_of_band">;

/**
 * What the target has of these contents, by artifact id: now while the promotion is open, and just before it ended once
 * it is closed. Artifacts that were never recorded in the target are missing.
 */
export async function targetContents(
  db: Database,
  siteId: string,
  promotion: Promotion,
  contents: Omit<TargetContent, "out_of_band">[],
): Promise<Map<string, TargetContent>> {
  const ids = contents.map((content) => content.artifact_id);
  if (promotion.completion) return replacedBy(db, promotion.completion.deployment_id, contents);
  const asOf = promotion.ended_at;
  if (!asOf) return currentPlacements(db, promotion.environment_id, ids);
  const moment = { asOf, knownAt: asOf };
  const rows = await inBatches(ids, (batch) =>
    placementsAsOf(db, siteId, promotion.environment_id, moment, { ids: batch, removed: true }),
  );
  return new Map(rows.map((row) => [row.artifact_id, row]));
}

/** Whether anything was recorded for the target at the time of `targetContents`. */
export async function isTargetKnown(
  db: Database,
  { environment_id, completion, ended_at }: Pick<Promotion, "environment_id" | "completion" | "ended_at">,
): Promise<boolean> {
  if (completion) return isKnownBefore(db, environment_id, completion.deployment_id);
  const first = await firstChange(db, environment_id, ended_at ?? undefined);
  return first !== undefined && (!ended_at || first <= ended_at);
}

/** What was in the target before the deployment of its completion, which has no placement for what was the same already. */
async function replacedBy(
  db: Database,
  deploymentId: string,
  contents: Omit<TargetContent, "out_of_band">[],
): Promise<Map<string, TargetContent>> {
  const rows = await db
    .selectFrom("placements as p")
    .leftJoin("placements as q", (join) =>
      join.on("q.seq", "=", (eb) =>
        eb
          .selectFrom("placements as b")
          .select("b.seq")
          .whereRef("b.environment_id", "=", "p.environment_id")
          .whereRef("b.artifact_id", "=", "p.artifact_id")
          .where(sql<boolean>`(b.effective_at, b.seq) < (p.effective_at, p.seq)`)
          .orderBy("b.effective_at", "desc")
          .orderBy("b.seq", "desc")
          .limit(1),
      ),
    )
    .leftJoin("versions as v", "v.id", "q.version_id")
    .select(["p.artifact_id", "q.seq", "q.version_id", "v.label as version", "v.title", "q.out_of_band"])
    .where("p.deployment_id", "=", deploymentId)
    .execute();
  const replaced = new Map(
    contents.map((content): [string, TargetContent] => [content.artifact_id, { ...content, out_of_band: 0 }]),
  );
  for (const { seq, out_of_band, ...row } of rows) {
    if (seq === null) replaced.delete(row.artifact_id);
    else replaced.set(row.artifact_id, { ...row, out_of_band: out_of_band ?? 0 });
  }
  return replaced;
}
