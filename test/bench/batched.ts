import { sql } from "kysely";
import { type Database, isPostgres } from "../../src/database/connect.ts";
import type { Schema } from "../../src/schema.ts";

type Table = keyof Schema;

/** The values of one statement; SQLite accepts at maxValues 32,766. */
const maxValues = 18_000;

/** Tables are written before those that refer to them. */
const order: Table[] = [
  "artifacts",
  "versions",
  "releases",
  "release_contents",
  "promotions",
  "open_promotions",
  "approvals",
];
const rank = (table: Table) => (order.includes(table) ? order.indexOf(table) : order.length);

/** Returns a function that writes rows in large batches. Call its `end` after the last one. */
export function batched(db: Database) {
  const waiting = new Map<Table, object[]>();
  async function write<T extends Table>(table: T, row: Schema[T] extends object ? object : never): Promise<void> {
    const rows = waiting.get(table) ?? [];
    waiting.set(table, rows);
    rows.push(row);
    if (rows.length * Object.keys(row).length >= maxValues) await flush();
  }
  function flush(): Promise<void> {
    return db.transaction().execute(async (trx) => {
      for (const [table, rows] of [...waiting].sort(([a], [b]) => rank(a) - rank(b))) {
        const size = Math.max(1, Math.floor(maxValues / Object.keys(rows[0] ?? {}).length));
        for (let i = 0; i < rows.length; i += size) await insert(trx, table, rows.slice(i, i + size));
        rows.length = 0;
      }
    });
  }
  /** Inserts sequence numbers as they are, where PostgreSQL would otherwise generate its own. */
  async function insert(trx: Database, table: Table, rows: object[]): Promise<void> {
    const numbered = isPostgres(db) && table === "placements";
    const columns = Object.keys(rows[0] as object);
    const values = rows.map((row) => sql`(${sql.join(Object.values(row))})`);
    await sql`insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
      ${numbered ? sql`overriding system value` : sql``} values ${sql.join(values)}`.execute(trx);
  }
  /** Lets PostgreSQL continue after the last sequence number. */
  async function end(): Promise<void> {
    await flush();
    if (isPostgres(db))
      await sql`select setval(pg_get_serial_sequence('placements', 'seq'), (select max(seq) from placements))`.execute(
        db,
      );
  }
  return Object.assign(write, { end });
}
