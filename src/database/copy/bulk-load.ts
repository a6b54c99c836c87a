import { type RawBuilder, sql } from "kysely";
import { inList } from "../batches.ts";
import { type Database, isPostgres } from "../connect.ts";

/** A transaction in which SQLite does not check foreign keys row by row; that has to be set before it begins. */
export async function loadTransaction<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  if (isPostgres(db)) return db.transaction().execute(work);
  await sql`pragma foreign_keys = off`.execute(db);
  try {
    return await db.transaction().execute(work);
  } finally {
    await sql`pragma foreign_keys = on`.execute(db);
  }
}

/**
 * Fills empty tables inside a `loadTransaction`. Indexes are built, and foreign keys checked, after all rows have been
 * inserted: that takes a fraction of the time, and the rows can be inserted in any order.
 */
export async function bulkLoad<T>(trx: Database, tables: string[], load: () => Promise<T>): Promise<T> {
  const postgres = isPostgres(trx);
  const { rows } = await (postgres ? postgresDefinitions : sqliteDefinitions)(tables).execute(trx);
  for (const { drop } of rows) await sql.raw(drop).execute(trx);
  const loaded = await load();
  for (const { create } of rows) await sql.raw(create).execute(trx);
  if (postgres) await sql`analyze ${sql.join(tables.map((name) => sql.table(name)))}`.execute(trx);
  else await checkForeignKeys(trx);
  return loaded;
}

/** The statements that drop an index or a foreign key, and create it as it was. */
type Definitions = RawBuilder<{ drop: string; create: string }>;

const sqliteDefinitions = (tables: string[]): Definitions => sql`
  select 'drop index "' || name || '"' as "drop", sql as "create" from sqlite_master
  where type = 'index' and sql is not null and ${inList("tbl_name", tables)}`;

/** Without the indexes that belong to a primary key or a unique constraint. */
const postgresDefinitions = (tables: string[]): Definitions => sql`
  select
    format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) as "drop",
    format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) as "create"
  from pg_constraint k join pg_class t on t.oid = k.conrelid
  where k.contype = 'f' and pg_table_is_visible(t.oid) and ${inList("t.relname", tables)}
  union all
  select format('drop index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
  from pg_index i join pg_class t on t.oid = i.indrelid
  where pg_table_is_visible(t.oid) and ${inList("t.relname", tables)}
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`;

async function checkForeignKeys(trx: Database): Promise<void> {
  const { rows } = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(trx);
  const [broken] = rows;
  if (broken) throw new Error(`A row of ${broken.table} refers to a row of ${broken.parent} that does not exist.`);
}
