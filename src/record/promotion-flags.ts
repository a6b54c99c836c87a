import { sql } from "kysely";

/** The number of the promotion that the promotion `promotion` of the query rolls back; null if it is no rollback. */
export const rollbackOf = (promotion: string) =>
  sql<number | null>`(select x.number from promotions x where x.id = ${sql.ref(`${promotion}.rollback_of_id`)})`;

/** The number of the completed promotion that rolled back the placement `placement` of the query; null if none did. */
export const rolledBackBy = (placement: string) => sql<number | null>`(
  select max(x.number) from promotions x join completions xs on xs.promotion_id = x.id
  join release_contents xr on xr.release_id = x.release_id
  where x.rollback_of_id = ${sql.ref(`${placement}.promotion_id`)} and xr.artifact_id = ${sql.ref(`${placement}.artifact_id`)})`;

/** 1 if the promotion of the placement `placement` of the query was completed without its gate. */
export const isForced = (placement: string) => sql<number>`(
  select count(*) from forced_completions fc where fc.promotion_id = ${sql.ref(`${placement}.promotion_id`)})`;

/** Where the release of the promotion `pr` of the query leads the visitors of the page that the placement `p` removed; null: nowhere. */
export const redirectOf = sql<string | null>`(
  select rc.redirect from release_contents rc
  where rc.release_id = pr.release_id and rc.artifact_id = p.artifact_id and p.version_id is null)`;
