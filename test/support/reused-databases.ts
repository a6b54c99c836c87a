import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { createDatabase } from "./postgres.ts";

interface Reused {
  url: string;
  db: Database;
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
    const { rows } = await reused.client.query<{ changed: boolean }>(reset);
    if (rows[0]?.changed !== false) throw new Error("A test changed the schema.");
    idle.set(template, [...(idle.get(template) ?? []), reused]);
  } catch {
    await reused.client.end();
    await reused.db.destroy();
    await reused.drop();
  }
}

/** Also says whether the test changed the schema. */
const reset = { name: "reset", text: "select kept.reset() as changed" };

async function createReused(server: string, template: string): Promise<Reused> {
  const { url, drop } = await createDatabase(server, `reused_${randomUUID().replaceAll("-", "")}`, template);
  const client = new pg.Client(url);
  // the server may stop before the last worker does
  client.on("error", () => undefined);
  await client.connect();
  // without triggers and foreign keys; a test that left a transaction open makes the reset fail
  await client.query("set session_replication_role = replica; set lock_timeout = '2s'; create schema kept");
  await client.query(await resetFunction(client));
  await client.query(watch);
  return { url, drop, client, db: openDatabase(url) };
}

/**
 * The rows of the template are kept in a schema of their own, from which they are copied back: by a function, whose
 * statements are planned once.
 */
async function resetFunction(client: pg.Client): Promise<string> {
  const { rows: tables } = await client.query<{ name: string; columns: string; serial: string | null }>(`
    select table_name as name, string_agg(quote_ident(column_name), ', ') as columns,
      max(case when is_identity = 'YES' then column_name end) as serial
    from information_schema.columns
    where table_schema = 'public' and is_generated = 'NEVER' and table_name not like 'kysely%' group by table_name`);
  const statements = tables.map(({ name }) => `if pg_relation_size('${name}') > 0 then delete from ${name}; end if`);
  for (const { name, columns, serial } of tables) {
    await client.query(`create table kept.${name} as select ${columns} from ${name}`);
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from kept.${name}`);
    if (rows[0]?.count)
      statements.push(`insert into ${name} (${columns}) overriding system value select ${columns} from kept.${name}`);
    if (serial)
      statements.push(
        `perform setval(pg_get_serial_sequence('${name}', '${serial}'), coalesce(max(${serial}), 0) + 1, false) from ${name}`,
      );
  }
  return `create function kept.reset() returns boolean language plpgsql as
    $$ begin ${[...statements, "return (select is_called from kept.changes)"].join(";\n")}; end $$`;
}

/** Notices every statement that changes tables, columns, triggers or functions, also of one that is rolled back. */
const watch = `
  create sequence kept.changes;
  create function kept.count_change() returns event_trigger language plpgsql as
    $$ begin perform nextval('kept.changes'); end $$;
  create event trigger count_changes on ddl_command_end execute function kept.count_change()`;
