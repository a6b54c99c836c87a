import { sql } from "kysely";
import { Refusal } from "../../errors.ts";
import { type Database, isPostgres } from "../connect.ts";
import { lockTables } from "../locks.ts";
import { snapshot } from "../snapshot.ts";
import { CannotWrite } from "./atomic-file.ts";
import { bulkLoad, loadTransaction } from "./bulk-load.ts";
import { insertRows, readInBatches } from "./rows.ts";
import { bookTables, type Table } from "./tables.ts";

export interface CopyOptions {
  /** In rows. */
  onProgress?: (done: number, total: number) => void;
  /** Checks the copy before it is committed, and throws if something is wrong with it. */
  check?: (copy: Database) => Promise<void>;
}

/** How many rows each table has. */
export type TableRowCounts = Map<string, number>;

/**
 * Copies the whole book, as it is at one moment, into an empty database of either engine with the same schema, all or
 * nothing. Throws CannotWrite if the target is not empty, and a Refusal with 409 if not every row arrived.
 */
export async function copyBook(source: Database, target: Database, options: CopyOptions = {}): Promise<TableRowCounts> {
  const tables = await bookTables();
  const names = tables.map(({ name }) => name);
  return loadTransaction(target, async (into) => {
    await refuseUnlessEmpty(into);
    const copied = await bulkLoad(into, names, () =>
      // ends before the check, during which it would be idle: PostgreSQL ends a transaction that is idle for minutes
      snapshot(source, (from) => copyTables(from, into, tables, options)),
    );
    await options.check?.(into);
    return copied;
  });
}

/** Whether nothing was done in the book yet. Even then it has roles, and perhaps a setup link. */
export async function isEmpty(db: Database): Promise<boolean> {
  const { rows } = await sql`
    select 1 from sites union all select 1 from people union all select 1 from keys limit 1`.execute(db);
  return !rows.length;
}

async function refuseUnlessEmpty(into: Database): Promise<void> {
  // so that nobody sets it up in the meantime
  await lockTables(into, ["people", "sites", "keys"]);
  if (!(await isEmpty(into))) throw new CannotWrite("The target is not empty, and nothing in it is overwritten.");
}

async function copyTables(
  from: Database,
  into: Database,
  tables: Table[],
  { onProgress }: CopyOptions,
): Promise<TableRowCounts> {
  const counts = await countRows(from, tables);
  // such as the roles, which every new book has
  const present = await countRows(into, tables);
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  let done = 0;
  onProgress?.(done, total);
  for (const table of tables) {
    if (present.get(table.name)) await sql`delete from ${sql.table(table.name)}`.execute(into);
    if (counts.get(table.name))
      for await (const rows of readInBatches(from, table)) {
        await insertRows(into, table, rows);
        done += rows.length;
        onProgress?.(done, total);
      }
    await advanceSequence(into, table);
  }
  refuseMissing(counts, await countRows(into, tables));
  return counts;
}

async function countRows(db: Database, tables: Table[]): Promise<TableRowCounts> {
  const counted = tables.map(
    ({ name }) => sql`select ${sql.lit(name)} as name, count(*) as count from ${sql.table(name)}`,
  );
  const { rows } = await sql<{ name: string; count: number }>`${sql.join(counted, sql` union all `)}`.execute(db);
  return new Map(rows.map(({ name, count }) => [name, count]));
}

/** So that PostgreSQL numbers new rows after the last one that was copied. */
async function advanceSequence(into: Database, { name, integerKey }: Table): Promise<void> {
  if (!integerKey || !isPostgres(into)) return;
  const next = sql`(select greatest(max(${sql.ref(integerKey)}), 0) + 1 from ${sql.table(name)})`;
  // has no effect on a column without a sequence
  await sql`select setval(pg_get_serial_sequence(${name}, ${integerKey}), ${next}, false)`.execute(into);
}

function refuseMissing(expected: TableRowCounts, arrived: TableRowCounts): void {
  for (const [name, count] of expected)
    if (arrived.get(name) !== count)
      throw new Refusal(409, `Only ${arrived.get(name)} of ${count} rows of ${name} arrived. Nothing was copied.`);
}
