import { sql } from "kysely";
import { type Database, isPostgres } from "../../src/database/connect.ts";
import type { Schema } from "../../src/schema.ts";

type Table = keyof Schema;

/** So many values go into one statement; SQLite takes at most 32,766. */
const most = 18_000;

/** What is pointed at comes before what points at it. */
const order: Table[] = [
  "artifacts",
  "versions",
  "releases",
  "release_contents",
  "promotions",
  "open_promotions",
  "approvals",
];
const place = (table: Table) => (order.includes(table) ? order.indexOf(table) : order.length);

/** Writes rows in large pieces, some tables before others. To be ended. */
export function batched(db: Database) {
  const waiting = new Map<Table, object[]>();
  async function write<T extends Table>(table: T, row: Schema[T] extends object ? object : never): Promise<void> {
    const rows = waiting.get(table) ?? [];
    waiting.set(table, rows);
    rows.push(row);
    if (rows.length * Object.keys(row).length >= most) await flush();
  }
  function flush(): Promise<void> {
    return db.transaction().execute(async (trx) => {
      for (const [table, rows] of [...waiting].sort(([a], [b]) => place(a) - place(b))) {
        const size = Math.max(1, Math.floor(most / Object.keys(rows[0] ?? {}).length));
        for (let i = 0; i < rows.length; i += size) await insert(trx, table, rows.slice(i, i + size));
        rows.length = 0;
      }
    });
  }
  /** Sequence numbers are given here, where the database would else give its own. */
  async function insert(trx: Database, table: Table, rows: object[]): Promise<void> {
    const numbered = isPostgres(db) && table === "placements";
    const columns = Object.keys(rows[0] as object);
    const values = rows.map((row) => sql`(${sql.join(Object.values(row))})`);
    await sql`insert into ${sql.table(table)} (${sql.join(columns.map((one) => sql.ref(one)))})
      ${numbered ? sql`overriding system value` : sql``} values ${sql.join(values)}`.execute(trx);
  }
  /** PostgreSQL goes on numbering from the last one that was given here. */
  async function end(): Promise<void> {
    await flush();
    if (isPostgres(db))
      await sql`select setval(pg_get_serial_sequence('placements', 'seq'), (select max(seq) from placements))`.execute(
        db,
      );
  }
  return Object.assign(write, { end });
}
