import type { CompiledQuery } from "kysely";
import { type Database, isPostgres } from "./connect.ts";

type Parameter = string | number | null | string[] | number[];

/**
 * A query that is built and compiled once, which takes longer than running most of them. Its parameters are the
 * arguments of `build`, each used exactly once and in their order; it throws an Error if the query has others.
 */
export function precompiled<Parameters extends Parameter[], Row>(
  build: (db: Database, ...parameters: Parameters) => { compile(): CompiledQuery<Row> },
): (db: Database, ...parameters: Parameters) => Promise<Row[]> {
  const compiled = new Map<boolean, CompiledQuery<Row>>();
  return async (db, ...parameters) => {
    const postgres = isPostgres(db);
    // lists are sent as the query compilers send those of `column in (…)`
    const sent = postgres
      ? parameters
      : parameters.map((value) => (Array.isArray(value) ? JSON.stringify(value) : value));
    const query = compiled.get(postgres) ?? checked(build(db, ...parameters).compile(), sent);
    compiled.set(postgres, query);
    return (await db.executeQuery<Row>({ ...query, parameters: sent })).rows;
  };
}

function checked<Row>(query: CompiledQuery<Row>, parameters: unknown[]): CompiledQuery<Row> {
  if (JSON.stringify(query.parameters) !== JSON.stringify(parameters))
    throw new Error(`These are not the parameters of the query, in their order: ${query.sql}`);
  return query;
}
