import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

/** The number of the promotion that the promotion `promotion` of the query rolls back; null if it is no rollback. */
export const rollbackOf = (promotion: string) =>
  sql<number | null>`(select x.number from promotions x where x.id = ${sql.ref(`${promotion}.rollback_of_id`)})`;

/** 1 if the promotion with the id in `column` was completed without its gate, as it was known at `knownAt`. */
export const isForced = (column: string, knownAt?: string) => sql<number>`(
  select count(*) from forced_completions fc join completions fs on fs.promotion_id = fc.promotion_id
  where fc.promotion_id = ${sql.ref(column)} ${completedBy("fs", knownAt)})`;

const completedBy = (completion: string, knownAt: string | undefined) =>
  knownAt === undefined ? sql`` : sql`and ${sql.ref(`${completion}.completed_at`)} <= ${knownAt}`;

/** What the promotions `pr` of a query say about rollbacks and gates. */
export const ownMarks = (knownAt?: string) =>
  [
    rollbackOf("pr").as("rollback_of"),
    "pr.rollback_in_part" as const,
    isForced("pr.id", knownAt).as("forced"),
  ] as const;

interface Line {
  promotion_id: string | null;
  artifact_id: string;
}

/**
 * Returns what rolled back each of these placements, as it was known at `knownAt` (ISO 8601 UTC): the latest completed
 * promotion that did. They are looked up by promotion, as a thousand placements share a few, and few are rolled back.
 */
export async function rolledBackMarks(db: Database, lines: Line[], knownAt?: string) {
  const promotions = [...new Set(lines.flatMap((line) => line.promotion_id ?? []))];
  const rollbacks = await inBatches(promotions, (ids) => selectRollbacks(db, ids));
  if (!rollbacks.length) return () => notRolledBack;
  // in queries of their own: in one, PostgreSQL would read all completions there ever were
  const completions = await inBatches(rollbacks, (batch) => completionsOf(db, batch, knownAt));
  const contents = await inBatches(rollbacks, (batch) => contentsOf(db, batch, lines));
  const completed = new Set(completions.map((row) => row.promotion_id));
  const keyOf = (promotionId: string | null, artifactId: string) => `${promotionId} ${artifactId}`;
  const artifactsByRelease = Map.groupBy(contents, (row) => row.release_id);
  const marks = new Map<string, { rolled_back_by: number; rolled_back_in_part: number }>();
  for (const { id, of, release_id, ...mark } of rollbacks.sort((a, b) => a.rolled_back_by - b.rolled_back_by))
    for (const { artifact_id } of completed.has(id) ? (artifactsByRelease.get(release_id) ?? []) : [])
      marks.set(keyOf(of, artifact_id), mark);
  return (line: Line) => marks.get(keyOf(line.promotion_id, line.artifact_id)) ?? notRolledBack;
}

const selectRollbacks = precompiled((db, promotionIds: string[]) =>
  db
    .selectFrom("promotions")
    .select(["id", "release_id", "rollback_of_id as of", "number as rolled_back_by"])
    .select("rollback_in_part as rolled_back_in_part")
    .where("rollback_of_id", "in", promotionIds),
);

function completionsOf(db: Database, rollbacks: { id: string }[], knownAt: string | undefined) {
  const ids = rollbacks.map(({ id }) => id);
  const query = db.selectFrom("completions").select("promotion_id").where("promotion_id", "in", ids);
  return (knownAt === undefined ? query : query.where("completed_at", "<=", knownAt)).execute();
}

function contentsOf(db: Database, rollbacks: { release_id: string }[], lines: Line[]) {
  const releases = rollbacks.map(({ release_id }) => release_id);
  const artifacts = [...new Set(lines.map(({ artifact_id }) => artifact_id))];
  const contents = db.selectFrom("release_contents").select(["release_id", "artifact_id"]);
  return contents.where("release_id", "in", releases).where("artifact_id", "in", artifacts).execute();
}

const notRolledBack = { rolled_back_by: null, rolled_back_in_part: null };

/** What is shown of the promotion of a placement. */
export interface PromotionMarks {
  /** The promotion that its promotion rolled back, and 1 if that was in part. */
  rollback_of: number | null;
  rollback_in_part: number | null;
  /** The one that rolled it back, and 1 if that was in part. */
  rolled_back_by: number | null;
  rolled_back_in_part: number | null;
  /** 1: its promotion was completed without its gate. */
  forced: number;
}

/** Where the release of the promotion `pr` of the query leads the visitors of the page that the placement `p` removed; null: nowhere. */
export const redirectOf = sql<string | null>`(
  select rc.redirect from release_contents rc
  where rc.release_id = pr.release_id and rc.artifact_id = p.artifact_id and p.version_id is null)`;
