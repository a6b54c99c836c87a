import { type RawBuilder, sql } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

/**
 * `column = (subquery of one row)`, answered from the column's index. PostgreSQL might otherwise read and hash the whole
 * table, so that a join would take longer as the history grows; a comparison with an array makes it use the index.
 */
export function equalsBySeek(db: Database, column: string, subquery: RawBuilder<unknown>): RawBuilder<boolean> {
  return isPostgres(db) ? sql`${sql.ref(column)} = any(array${subquery})` : sql`${sql.ref(column)} = ${subquery}`;
}

/** `column in (subquery)`, found likewise. */
export function seekAny(db: Database, column: string, some: RawBuilder<unknown>): RawBuilder<boolean> {
  return isPostgres(db) ? sql`${sql.ref(column)} = any(array${some})` : sql`${sql.ref(column)} in ${some}`;
}
