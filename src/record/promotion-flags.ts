import { sql } from "kysely";

/** The number of the promotion that the promotion `promotion` of the query rolls back; null if it is no rollback. */
export const rollbackOf = (promotion: string) =>
  sql<number | null>`(select x.number from promotions x where x.id = ${sql.ref(`${promotion}.rollback_of_id`)})`;

/**
 * The latest completed promotion that rolled back the placement `placement` of the query, as it was known at `knownAt`
 * (ISO 8601 UTC): its number, or whether it was a rollback in part; null if none did.
 */
const rolledBackBy = (placement: string, column: "number" | "rollback_in_part", knownAt?: string) =>
  sql<number | null>`(
  select ${sql.ref(`x.${column}`)} from promotions x join completions xs on xs.promotion_id = x.id
  join release_contents xr on xr.release_id = x.release_id
  where x.rollback_of_id = ${sql.ref(`${placement}.promotion_id`)} and xr.artifact_id = ${sql.ref(`${placement}.artifact_id`)}
    ${completedBy("xs", knownAt)}
  order by x.number desc limit 1)`;

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

/** What rolled back the placements `p` of a query. */
export const rolledBackMarks = (knownAt?: string) =>
  [
    rolledBackBy("p", "number", knownAt).as("rolled_back_by"),
    rolledBackBy("p", "rollback_in_part", knownAt).as("rolled_back_in_part"),
  ] as const;

/** What the promotions `pr` of the placements `p` of a query say about rollbacks and gates, as `PromotionMarks`. */
export const promotionMarks = () => [...ownMarks(), ...rolledBackMarks()] as const;

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
