import { sql } from "kysely";
import { appendOnly } from "../../migrations/ddl.ts";
import { type Database, isPostgres } from "./connect.ts";

/** For work on tables that refuse update and delete: takes the guards away, and puts them up again, in one transaction. */
export async function withoutTriggers<T>(trx: Database, tables: string[], work: () => Promise<T>): Promise<T> {
  const guards = isPostgres(trx)
    ? [
        (table: string) => `${table}_refuse_change on ${table}`,
        (table: string) => `${table}_refuse_truncate on ${table}`,
      ]
    : [(table: string) => `${table}_refuse_update`, (table: string) => `${table}_refuse_delete`];
  for (const table of tables)
    for (const guard of guards) await sql.raw(`drop trigger if exists ${guard(table)}`).execute(trx);
  const result = await work();
  await appendOnly(trx, tables);
  return result;
}
