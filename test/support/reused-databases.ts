import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { createDatabase } from "./postgres.ts";

/** The rows of a database, by which any other one of the same schema can be filled. */
export interface Template {
  name: string;
  /** Whose triggers are disabled. */
  unguarded: string[];
  tables: (Table & { rows: string })[];
}

interface Table {
  name: string;
  columns: string;
  serial: string | null;
}

interface Reused {
  pool: string;
  url: string;
  db: Database;
  client: pg.Client;
  drop: () => Promise<void>;
  /** The names of the templates that it can be filled with by a function. */
  known: Set<string>;
}

/** By what a template cannot fill: which triggers are disabled, and whether statistics may differ. */
const idle = new Map<string, Reused[]>();

/**
 * A PostgreSQL database with the rows of a template, or as it is after migration. Giving one back and filling it again
 * takes 3 ms and keeps connections and plans warm, whatever the template; creating and dropping one takes 40, and its
 * first queries 30 more.
 */
export async function borrowDatabase(server: string, template?: Template) {
  const reused = template ? await borrow(server, template) : await borrow(server, undefined, "migrated");
  return { db: reused.db, close: () => giveBack(reused) };
}

/** Writes into a database and keeps its rows. */
export async function keepTemplate<T>(
  server: string,
  write: (db: Database) => Promise<T>,
): Promise<T & { template: Template }> {
  const reused = await borrow(server);
  try {
    const written = await write(reused.db);
    return { ...written, template: await readTemplate(reused.client) };
  } finally {
    await giveBack(reused);
  }
}

async function borrow(server: string, template?: Template, pool = String(template?.unguarded ?? [])): Promise<Reused> {
  const reused = idle.get(pool)?.pop() ?? (await createReused(server, pool, template?.unguarded ?? []));
  await fill(reused, template ?? ((await migrated) as Template));
  if (await isClosed(reused.db)) reused.db = openDatabase(reused.url);
  return reused;
}

/** A test may have closed it. */
const isClosed = (db: Database): Promise<boolean> =>
  sql`select 1`.execute(db).then(
    () => false,
    () => true,
  );

async function giveBack(reused: Reused): Promise<void> {
  try {
    const { rows } = await reused.client.query<{ changed: boolean }>(empty);
    if (rows[0]?.changed !== false) throw new Error("A test changed the schema.");
    idle.set(reused.pool, [...(idle.get(reused.pool) ?? []), reused]);
  } catch {
    await reused.client.end();
    await reused.db.destroy();
    await reused.drop();
  }
}

/** Also says whether the test changed the schema. */
const empty = { name: "empty", text: "select kept.empty() as changed" };

let tables: Promise<Table[]> | undefined;
let migrated: Promise<Template> | undefined;

async function createReused(server: string, pool: string, unguarded: string[]): Promise<Reused> {
  const { url, drop } = await createDatabase(server, `reused_${randomUUID().replaceAll("-", "")}`);
  const client = new pg.Client(url);
  // the server may stop before the last worker does
  client.on("error", () => undefined);
  await client.connect();
  // without triggers and foreign keys; a test that left a transaction open makes emptying it fail
  await client.query("set session_replication_role = replica; set lock_timeout = '2s'; create schema kept");
  migrated ??= readTemplate(client);
  await migrated;
  const deletes = (await readTables(client)).map(
    ({ name }) => `if pg_relation_size('${name}') > 0 then delete from ${name}; end if;`,
  );
  for (const table of unguarded) await client.query(`alter table ${table} disable trigger user`);
  await client.query(`${watch};
    create function kept.empty() returns boolean language plpgsql as
    $$ declare opened regclass; begin
      ${deletes.join("\n")}
      for opened in ${disabled} and tgrelid <> all(array[${unguarded.map((name) => `'${name}'`)}]::regclass[]) loop
        execute format('alter table %s enable trigger user', opened);
      end loop;
      return (select is_called from kept.changes); end $$;
    select kept.empty()`);
  return { url, drop, client, pool, db: openDatabase(url), known: new Set() };
}

/** Which tables have triggers that `unguard` has disabled. */
const disabled = `select distinct tgrelid::regclass from pg_trigger where tgenabled = 'D' and not tgisinternal`;

/**
 * Notices every statement that changes tables, columns, triggers or functions, also of one that is rolled back; not that
 * triggers are disabled, which is undone.
 */
const watch = `
  create sequence kept.changes;
  create function kept.count_change() returns event_trigger language plpgsql as
    $$ begin if current_query() !~ '^alter table \\w+ disable trigger user$' then perform nextval('kept.changes'); end if; end $$;
  create event trigger count_changes on ddl_command_end execute function kept.count_change()`;

function readTables(client: pg.Client): Promise<Table[]> {
  tables ??= client
    .query<Table>(`
      select table_name as name, string_agg(quote_ident(column_name), ', ') as columns,
        max(case when is_identity = 'YES' then column_name end) as serial
      from information_schema.columns
      where table_schema = 'public' and is_generated = 'NEVER' and table_name not like 'kysely%' group by table_name`)
    .then(({ rows }) => rows);
  return tables;
}

async function readTemplate(client: pg.Client): Promise<Template> {
  const all = await readTables(client);
  const rows = all.map(({ name, columns }) => `(select json_agg(r)::text from (select ${columns} from ${name}) as r)`);
  const { rows: found } = await client.query<{ rows: (string | null)[] }>(`select array[${rows.join(", ")}] as rows`);
  const filled = all.flatMap((table, i) => {
    const rows = found[0]?.rows[i];
    return rows ? [{ ...table, rows }] : [];
  });
  const unguarded = await client.query<{ tables: string[] }>(`select array(${disabled} order by 1)::text[] as tables`);
  return {
    unguarded: unguarded.rows[0]?.tables ?? [],
    name: `fill_${randomUUID().replaceAll("-", "")}`,
    tables: filled,
  };
}

/** By a function, whose statements are planned once; the watch does not see the statements of this connection. */
async function fill({ client, known }: Reused, template: Template): Promise<void> {
  const { name } = template;
  if (!known.has(name)) await client.query(await creation(client, template));
  known.add(name);
  await client.query({ name, text: `select kept.${name}()` });
}

/** The rows of the template are kept in tables of their own, from which they are copied. */
async function creation(client: pg.Client, template: Template): Promise<string> {
  const kept = (name: string) => `kept.${template.name.slice(0, 20)}_${name}`;
  const keep = template.tables.map(
    ({ name, columns, rows }) => `create table ${kept(name)} as
      select ${columns} from json_populate_recordset(null::${name}, ${pg.escapeLiteral(rows)});`,
  );
  const copy = template.tables.map(
    ({ name, columns }) =>
      `insert into ${name} (${columns}) overriding system value select ${columns} from ${kept(name)};`,
  );
  const sequences = (await readTables(client)).map(({ name, serial }) =>
    serial
      ? `perform setval(pg_get_serial_sequence('${name}', '${serial}'), coalesce(max(${serial}), 0) + 1, false) from ${name};`
      : "",
  );
  return `${keep.join("\n")}
    create function kept.${template.name}() returns void language plpgsql as
    $$ begin ${[...copy, ...sequences].join("\n")} end $$`;
}
