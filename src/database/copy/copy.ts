import { sql } from "kysely";
import { Refusal } from "../../errors.ts";
import { type Database, isPostgres } from "../connect.ts";
import { snapshot } from "../snapshot.ts";
import { CannotWrite } from "./atomic-file.ts";
import { bulkLoad, loadTransaction } from "./bulk-load.ts";
import { insertRows, readInBatches } from "./rows.ts";
import { bookTables, type Table } from "./tables.ts";

export interface CopyOptions {
  /** In rows. */
  onProgress?: (done: number, all: number) => void;
  /** Looks at the copy before it is committed, and throws where something is wrong with it. */
  check?: (copy: Database) => Promise<void>;
}

/** How many rows each table has. */
export type TableRowCounts = Map<string, number>;

/**
 * Copies the whole book, as it is at one moment, into an empty database of either engine with the same schema, all or
 * nothing. Throws CannotWrite where the target is not empty, and a Refusal where not every row arrived.
 */
export async function copyBook(source: Database, target: Database, options: CopyOptions = {}): Promise<TableRowCounts> {
  const tables = await bookTables();
  const names = tables.map(({ name }) => name);
  return loadTransaction(target, async (into) => {
    await refuseFilled(into);
    const copied = await bulkLoad(into, names, () =>
      // ends before the check: PostgreSQL ends a transaction that has long been idle
      snapshot(source, (from) => copyTables(from, into, tables, options)),
    );
    await options.check?.(into);
    return copied;
  });
}

/** Of a book in which nothing was done yet: it has roles, and may have a link for setting it up. */
export async function isEmpty(db: Database): Promise<boolean> {
  const { rows } = await sql`
    select 1 from sites union all select 1 from people union all select 1 from keys limit 1`.execute(db);
  return !rows.length;
}

async function refuseFilled(into: Database): Promise<void> {
  // nobody may set it up in the meantime; SQLite has one writer anyway
  if (isPostgres(into)) await sql`lock table people, sites, keys in share row exclusive mode`.execute(into);
  if (!(await isEmpty(into))) throw new CannotWrite("The target is not empty, and nothing in it is overwritten.");
}

async function copyTables(
  from: Database,
  into: Database,
  tables: Table[],
  { onProgress }: CopyOptions,
): Promise<TableRowCounts> {
  const counts: TableRowCounts = new Map();
  for (const { name } of tables) counts.set(name, await countRows(from, name));
  const all = counts.values().reduce((sum, count) => sum + count, 0);
  let done = 0;
  onProgress?.(done, all);
  for (const table of tables) {
    // the roles that every new book has, and such
    await sql`delete from ${sql.table(table.name)}`.execute(into);
    for await (const rows of readInBatches(from, table)) {
      await insertRows(into, table, rows);
      done += rows.length;
      onProgress?.(done, all);
    }
    await continueNumbers(into, table);
    refuseMissing(table, counts.get(table.name), await countRows(into, table.name));
  }
  return counts;
}

async function countRows(db: Database, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** PostgreSQL numbers new rows from the last one that was copied. */
async function continueNumbers(into: Database, { name, number }: Table): Promise<void> {
  if (!number || !isPostgres(into)) return;
  const next = sql`(select greatest(max(${sql.ref(number)}), 0) + 1 from ${sql.table(name)})`;
  // without effect on a column that it does not number
  await sql`select setval(pg_get_serial_sequence(${name}, ${number}), ${next}, false)`.execute(into);
}

function refuseMissing({ name }: Table, expected: number | undefined, arrived: number): void {
  if (arrived !== expected)
    throw new Refusal(409, `Only ${arrived} of ${expected} rows of ${name} arrived. Nothing was copied.`);
}
