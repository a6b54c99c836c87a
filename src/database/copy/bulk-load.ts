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
  for (const create of rows.flatMap((row) => row.create)) await sql.raw(create).execute(trx);
  if (postgres) await sql`analyze ${sql.join(tables.map((name) => sql.table(name)))}`.execute(trx);
  else await checkForeignKeys(trx);
  return loaded;
}

/** Statements that drop indexes or foreign keys, and create them as they were. */
type Definitions = RawBuilder<{ drop: string; create: string | string[] }>;

const sqliteDefinitions = (tables: string[]): Definitions => sql`
  select 'drop index "' || name || '"' as "drop", sql as "create" from sqlite_master
  where type = 'index' and sql is not null and ${inList("tbl_name", tables)}`;

/** All of a table at once. Without the indexes that belong to a primary key or a unique constraint. */
const postgresDefinitions = (tables: string[]): Definitions => sql`
  select
    format('alter table %s %s', k.conrelid::regclass, string_agg(format('drop constraint %I', k.conname), ', ')) as "drop",
    array[format('alter table %s %s', k.conrelid::regclass,
      string_agg(format('add constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), ', '))] as "create"
  from pg_constraint k join pg_class t on t.oid = k.conrelid
  where k.contype = 'f' and pg_table_is_visible(t.oid) and ${inList("t.relname", tables)}
  group by k.conrelid
  union all
  select format('drop index %s', string_agg(i.indexrelid::regclass::text, ', ')),
    array_agg(pg_get_indexdef(i.indexrelid) order by i.indexrelid)
  from pg_index i join pg_class t on t.oid = i.indrelid
  where pg_table_is_visible(t.oid) and ${inList("t.relname", tables)}
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
  group by i.indrelid`;

async function checkForeignKeys(trx: Database): Promise<void> {
  const { rows } = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(trx);
  const [broken] = rows;
  if (broken) throw new Error(`A row of ${broken.table} refers to a row of ${broken.parent} that does not exist.`);
}
