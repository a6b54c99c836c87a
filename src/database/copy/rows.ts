import { type RawBuilder, sql } from "kysely";
import { type Database, isPostgres } from "../connect.ts";
import type { Table } from "./tables.ts";

type Row = Record<string, unknown>;

/** Few enough that a batch fits into memory even if each row is an event of ten thousand lines. */
const batchRows = 100;

/** All rows of a table. Call it inside a transaction. */
export function readInBatches(from: Database, table: Table): AsyncGenerator<Row[]> {
  return isPostgres(from) ? readByCursor(from, table) : readByRowId(from, table);
}

/** Ordered by the integer key, if there is one, as the search index fills fastest in that order; else as stored. */
async function* readByCursor(from: Database, { name, columns, integerKey }: Table): AsyncGenerator<Row[]> {
  const order = integerKey ? sql`order by ${sql.ref(integerKey)}` : sql``;
  await sql`declare batches no scroll cursor for select ${refs(columns)} from ${sql.table(name)} ${order}`.execute(
    from,
  );
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(batchRows)} from batches`.execute(from);
    if (rows.length) yield rows;
    if (rows.length < batchRows) break;
  }
  await sql`close batches`.execute(from);
}

async function* readByRowId(from: Database, { name, columns }: Table): AsyncGenerator<Row[]> {
  for (let last = Number.MIN_SAFE_INTEGER; ; ) {
    const { rows } = await sql<Row & { row_id: number }>`
      select rowid as row_id, ${refs(columns)} from ${sql.table(name)}
      where rowid > ${last} order by rowid limit ${batchRows}`.execute(from);
    if (rows.length) yield rows;
    if (rows.length < batchRows) return;
    last = rows.at(-1)?.row_id as number;
  }
}

/** Sends the rows as one parameter in JSON, so that the statement is prepared once. All values are text or integers. */
export async function insertRows(into: Database, { name, columns }: Table, rows: Row[]): Promise<void> {
  const json = JSON.stringify(rows);
  const values = isPostgres(into)
    ? sql`overriding system value select ${refs(columns)} from json_populate_recordset(null::${sql.table(name)}, ${json})`
    : sql`select ${sql.join(columns.map((column) => sql`value ->> ${sql.lit(column)}`))} from json_each(${json})`;
  await sql`insert into ${sql.table(name)} (${refs(columns)}) ${values}`.execute(into);
}

const refs = (columns: string[]): RawBuilder<unknown> => sql.join(columns.map((column) => sql.ref(column)));
