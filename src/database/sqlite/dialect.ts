import SQLite from "better-sqlite3";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  type TransactionSettings,
} from "kysely";
import { eventLoopYielder } from "../event-loop.ts";
import { SqliteCompiler } from "../query-compilers.ts";
import { openConnection, type SqliteConnection } from "./connection.ts";
import { Writer } from "./writer.ts";

/**
 * SQLite for a server: one handle that writes, by turns, and others that read meanwhile and never wait for it (WAL).
 * A database in memory has one handle for everything.
 */
export class DurableSqlite implements Dialect {
  readonly #handle: SQLite.Database;
  constructor(handle: SQLite.Database) {
    this.#handle = handle;
  }
  createDriver(): Driver {
    return new SqliteDriver(this.#handle);
  }
  createQueryCompiler() {
    return new SqliteCompiler();
  }
  createAdapter() {
    return new Adapter();
  }
  createIntrospector(db: Kysely<never>) {
    return new SqliteIntrospector(db);
  }
}

class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #file: string | undefined;
  readonly #writer: Writer;
  #reader: SqliteConnection | undefined;

  constructor(handle: SQLite.Database) {
    this.#file = handle.memory ? undefined : handle.name;
    this.#writer = new Writer(openConnection(handle, []));
  }

  async init(): Promise<void> {
    this.#reader = this.#file ? reading(this.#file) : undefined;
  }

  async acquireConnection(): Promise<Connection> {
    return new Connection(this.#writer, this.#reader);
  }

  /** One that only reads sees a single moment throughout, on a handle of its own. */
  async beginTransaction(connection: Connection, { accessMode }: TransactionSettings): Promise<void> {
    if (this.#file && accessMode === "read only") connection.held = begun(reading(this.#file));
    else connection.held = await this.#writer.begin();
  }

  async commitTransaction(connection: Connection): Promise<void> {
    const held = connection.released();
    if (held === this.#writer.handle) await this.#writer.commit();
    else held?.raw.close();
  }

  async rollbackTransaction(connection: Connection): Promise<void> {
    const held = connection.released();
    if (held === this.#writer.handle) this.#writer.rollback();
    else held?.raw.close();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#reader?.raw.close();
    this.#writer.handle.raw.close();
  }
}

function reading(file: string): SqliteConnection {
  return openConnection(new SQLite(file), ["query_only = on"]);
}

function begun(handle: SqliteConnection): SqliteConnection {
  handle.prepare("begin").run();
  return handle;
}

class Connection implements DatabaseConnection {
  /** What its transaction runs on. */
  held: SqliteConnection | undefined;
  /** A query that was late must not be carried out after its transaction, as one of its own. */
  #over = false;
  readonly #writer: Writer;
  readonly #reader: SqliteConnection | undefined;
  readonly #yieldIfDue = eventLoopYielder();

  constructor(writer: Writer, reader: SqliteConnection | undefined) {
    this.#writer = writer;
    this.#reader = reader;
  }

  released(): SqliteConnection | undefined {
    const { held } = this;
    this.held = undefined;
    this.#over ||= held !== undefined;
    return held;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.held) await this.#yieldIfDue();
    if (this.#over) throw new Error("This transaction is over.");
    if (this.held) return this.#inTransaction(this.held, query);
    return this.#besideWriter(query) ?? this.#writer.alone(({ prepare }) => run(prepare(query.sql), query));
  }

  /**
   * What only reads. Where nobody writes just now, the writer's handle does it: it knows its own pages, while another
   * has to look at them anew after each commit. Nothing where it is to wait for its turn.
   */
  #besideWriter<R>(query: CompiledQuery): QueryResult<R> | undefined {
    const { handle, busy } = this.#writer;
    const statement = handle.prepare(query.sql);
    if (!statement.readonly) return;
    if (!busy) return run(statement, query);
    return this.#reader && run(this.#reader.prepare(query.sql), query);
  }

  #inTransaction<R>(held: SqliteConnection, query: CompiledQuery): QueryResult<R> {
    // what SQLite gave up by itself does not go on statement by statement
    if (!held.raw.inTransaction) throw new Error("The database has given this transaction up.");
    try {
      return run(held.prepare(query.sql), query);
    } catch (error) {
      if (held === this.#writer.handle) this.#writer.failed(error);
      throw error;
    }
  }

  /** A long answer is asked for in pieces, by key: a stream would hold the handle. */
  streamQuery(): never {
    throw new Error("There are no streams from SQLite.");
  }
}

function run<R>(statement: SQLite.Statement, { parameters }: CompiledQuery): QueryResult<R> {
  if (statement.reader) return { rows: statement.all(parameters) as R[] };
  const { changes, lastInsertRowid } = statement.run(parameters);
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}
