import { expressionBuilder, type RawBuilder, sql } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

/**
 * Runs `work` on one batch of the list after another, so that other requests get a turn between two of them. Returns all of its
 * results, if it has any.
 */
export async function inBatches<T, R>(
  list: readonly T[],
  work: (batch: T[]) => Promise<R[]> | Promise<void>,
  { size = 500 } = {},
): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < list.length; i += size)
    for (const result of (await work(list.slice(i, i + size))) ?? []) results.push(result);
  return results;
}

/** `column in (…)` inside a query that is written as SQL. */
export function inList(column: string, list: readonly (string | number)[]): RawBuilder<boolean> {
  return sql<boolean>`${expressionBuilder()(sql.ref(column), "in", list)}`;
}

/** `column not in (…)` for texts. PostgreSQL hashes a subquery, and would compare each row with all of an array. */
export function notInList(db: Database, column: string, list: readonly string[]): RawBuilder<boolean> {
  const rows = isPostgres(db)
    ? sql`unnest(${list}::text[]) as listed (value)`
    : sql`json_each(${JSON.stringify(list)})`;
  return sql<boolean>`${sql.ref(column)} not in (select value from ${rows})`;
}
