import type { CompiledQuery } from "kysely";
import { type Database, isPostgres } from "./open.ts";

/**
 * A query that every request asks, built and compiled once: that takes longer than most of them run. Its parameters
 * are the arguments of `build`, each used once and in their order, and nothing else in it is one.
 */
export function compiled<Parameters extends (string | number | null)[], Row>(
  build: (db: Database, ...parameters: Parameters) => { compile(): CompiledQuery<Row> },
): (db: Database, ...parameters: Parameters) => Promise<Row[]> {
  const kept = new Map<boolean, CompiledQuery<Row>>();
  return async (db, ...parameters) => {
    const engine = isPostgres(db);
    const query = kept.get(engine) ?? checked(build(db, ...parameters).compile(), parameters);
    kept.set(engine, query);
    return (await db.executeQuery<Row>({ ...query, parameters })).rows;
  };
}

function checked<Row>(query: CompiledQuery<Row>, parameters: unknown[]): CompiledQuery<Row> {
  const same =
    query.parameters.length === parameters.length && parameters.every((one, i) => one === query.parameters[i]);
  if (!same) throw new Error(`These are not the parameters of the query, in their order: ${query.sql}`);
  return query;
}
