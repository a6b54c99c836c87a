import type { CompiledQuery } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

type Parameter = string | number | null | string[];

/**
 * A query that every request asks, built and compiled once: that takes longer than most of them run. Its parameters
 * are the arguments of `build`, each used once and in their order, and nothing else in it is one.
 */
export function precompiled<Parameters extends Parameter[], Row>(
  build: (db: Database, ...parameters: Parameters) => { compile(): CompiledQuery<Row> },
): (db: Database, ...parameters: Parameters) => Promise<Row[]> {
  const kept = new Map<boolean, CompiledQuery<Row>>();
  return async (db, ...parameters) => {
    const postgres = isPostgres(db);
    // as the compilers send the list of `column in (…)`
    const sent = postgres ? parameters : parameters.map((one) => (Array.isArray(one) ? JSON.stringify(one) : one));
    const query = kept.get(postgres) ?? checked(build(db, ...parameters).compile(), sent);
    kept.set(postgres, query);
    return (await db.executeQuery<Row>({ ...query, parameters: sent })).rows;
  };
}

function checked<Row>(query: CompiledQuery<Row>, parameters: unknown[]): CompiledQuery<Row> {
  if (JSON.stringify(query.parameters) !== JSON.stringify(parameters))
    throw new Error(`These are not the parameters of the query, in their order: ${query.sql}`);
  return query;
}
