import { type RawBuilder, sql } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

/**
 * `column = (subquery of one row)`, found by the column's index. PostgreSQL might rather read the whole table and hash
 * it, so that a join would grow with history; of a value in an array it can only seek.
 */
export function equalsBySeek(db: Database, column: string, one: RawBuilder<unknown>): RawBuilder<boolean> {
  return isPostgres(db) ? sql`${sql.ref(column)} = any(array${one})` : sql`${sql.ref(column)} = ${one}`;
}

/** `column in (subquery)`, found likewise. */
export function seekAny(db: Database, column: string, some: RawBuilder<unknown>): RawBuilder<boolean> {
  return isPostgres(db) ? sql`${sql.ref(column)} = any(array${some})` : sql`${sql.ref(column)} in ${some}`;
}
