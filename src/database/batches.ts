import { expressionBuilder, type RawBuilder, sql } from "kysely";

/** Runs `work` on pieces of the list, in order: small enough for one statement's parameters, and to let others go first between them. */
export async function inBatches<T, R>(
  list: readonly T[],
  work: (piece: T[]) => Promise<R[]>,
  { size = 500 } = {},
): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < list.length; i += size) for (const one of await work(list.slice(i, i + size))) results.push(one);
  return results;
}

/** `column in (…)` where the query around it is written as SQL. */
export function inList(column: string, list: readonly (string | number)[]): RawBuilder<boolean> {
  return sql<boolean>`${expressionBuilder()(sql.ref(column), "in", list)}`;
}
