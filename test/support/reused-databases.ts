import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { createDatabase } from "./postgres.ts";

interface Reused {
  url: string;
  db: Database;
  /** Resets what a test left behind; the last of its statements is `schema`. */
  reset: string;
  /** A digest of tables, columns and triggers, to notice a test that changed them. */
  digest: string;
  client: pg.Client;
  drop: () => Promise<void>;
}

const idle = new Map<string, Reused[]>();

/**
 * A PostgreSQL database with the rows of a template. Giving one back and resetting it takes 3 ms and keeps connections
 * and plans warm; creating and dropping one takes 40, and its first queries 30 more.
 */
export async function borrowDatabase(server: string, template: string) {
  const reused = idle.get(template)?.pop() ?? (await createReused(server, template));
  if (await isClosed(reused.db)) reused.db = openDatabase(reused.url);
  return { db: reused.db, close: () => giveBack(template, reused) };
}

/** A test may have closed it. */
const isClosed = (db: Database): Promise<boolean> =>
  sql`select 1`.execute(db).then(
    () => false,
    () => true,
  );

async function giveBack(template: string, reused: Reused): Promise<void> {
  try {
    const results = (await reused.client.query(reused.reset)) as unknown as pg.QueryResult<{ digest: string }>[];
    if (results.at(-1)?.rows[0]?.digest !== reused.digest) throw new Error("A test changed the schema.");
    idle.set(template, [...(idle.get(template) ?? []), reused]);
  } catch {
    await reused.client.end();
    await reused.db.destroy();
    await reused.drop();
  }
}

async function createReused(server: string, template: string): Promise<Reused> {
  const { url, drop } = await createDatabase(server, `reused_${randomUUID().replaceAll("-", "")}`, template);
  const client = new pg.Client(url);
  // the server may stop before the last worker does
  client.on("error", () => undefined);
  await client.connect();
  const reset = await resetScript(client);
  const { rows } = await client.query<{ digest: string }>(schema);
  return { url, drop, client, db: openDatabase(url), reset, digest: rows[0]?.digest ?? "" };
}

/** The rows of the template are kept in a schema of their own, from which they are copied back. */
async function resetScript(client: pg.Client): Promise<string> {
  const { rows: tables } = await client.query<{ name: string; columns: string; serial: string | null }>(`
    select table_name as name, string_agg(quote_ident(column_name), ', ') as columns,
      max(case when is_identity = 'YES' then column_name end) as serial
    from information_schema.columns
    where table_schema = 'public' and is_generated = 'NEVER' and table_name not like 'kysely%' group by table_name`);
  await client.query("create schema kept");
  const script = ["begin", "set local lock_timeout = '2s'", "set local session_replication_role = replica"];
  for (const { name } of tables) script.push(`delete from ${name}`);
  for (const { name, columns, serial } of tables) {
    await client.query(`create table kept.${name} as select ${columns} from ${name}`);
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from kept.${name}`);
    if (rows[0]?.count)
      script.push(`insert into ${name} (${columns}) overriding system value select ${columns} from kept.${name}`);
    if (serial)
      script.push(
        `select setval(pg_get_serial_sequence('${name}', '${serial}'), coalesce(max(${serial}), 0) + 1, false) from ${name}`,
      );
  }
  return [...script, "commit", schema].join(";\n");
}

const schema = `
  select md5(string_agg(part, ' ' order by part)) as digest from (
    select concat(tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
    union all select concat(attrelid::regclass, attname) from pg_attribute join pg_class c on c.oid = attrelid
      where relnamespace = 'public'::regnamespace and attnum > 0
    union all select proname from pg_proc where pronamespace = 'public'::regnamespace) parts (part)`;
