import { sql } from "kysely";
import { appendOnly } from "../../migrations/ddl.ts";
import { type Database, isPostgres } from "./connect.ts";

/** Runs work that changes append-only tables, without their triggers. Call it inside a transaction. */
export async function withoutTriggers<T>(trx: Database, tables: string[], work: () => Promise<T>): Promise<T> {
  const triggers = isPostgres(trx)
    ? [
        (table: string) => `${table}_refuse_change on ${table}`,
        (table: string) => `${table}_refuse_truncate on ${table}`,
      ]
    : [(table: string) => `${table}_refuse_update`, (table: string) => `${table}_refuse_delete`];
  for (const table of tables)
    for (const trigger of triggers) await sql.raw(`drop trigger if exists ${trigger(table)}`).execute(trx);
  const result = await work();
  await appendOnly(trx, tables);
  return result;
}
