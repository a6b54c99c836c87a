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
import { Writer } from "../writer.ts";
import { openConnection, type SqliteConnection } from "./connection.ts";
import { WritingHandle } from "./writing-handle.ts";

/**
 * SQLite for a server: one handle runs the transactions that write, one after another, and others read meanwhile and
 * never wait for it (WAL). A database in memory has one handle for everything.
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
  readonly #writer: Writer<WritingHandle>;
  #reader: SqliteConnection | undefined;

  constructor(handle: SQLite.Database) {
    this.#file = handle.memory ? undefined : handle.name;
    this.#writer = new Writer(new WritingHandle(openConnection(handle, [])));
  }

  async init(): Promise<void> {
    this.#reader = this.#file ? openReader(this.#file) : undefined;
  }

  async acquireConnection(): Promise<Connection> {
    return new Connection(this.#writer, this.#reader);
  }

  /** A transaction that only reads gets a handle of its own, and sees a single moment throughout. */
  async beginTransaction(connection: Connection, { accessMode }: TransactionSettings): Promise<void> {
    if (this.#file && accessMode === "read only") connection.handle = beginRead(openReader(this.#file));
    else connection.handle = (await this.#writer.begin()).handle;
  }

  async commitTransaction(connection: Connection): Promise<void> {
    const handle = connection.releaseHandle();
    if (handle === this.#writer.connection.handle) await this.#writer.commit();
    else handle?.raw.close();
  }

  async rollbackTransaction(connection: Connection): Promise<void> {
    const handle = connection.releaseHandle();
    if (handle === this.#writer.connection.handle) await this.#writer.rollback();
    else handle?.raw.close();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#reader?.raw.close();
    this.#writer.connection.handle.raw.close();
  }
}

function openReader(file: string): SqliteConnection {
  return openConnection(new SQLite(file), ["query_only = on"]);
}

function beginRead(handle: SqliteConnection): SqliteConnection {
  handle.prepare("begin").run();
  return handle;
}

class Connection implements DatabaseConnection {
  /** The handle of its transaction, while there is one. */
  handle: SqliteConnection | undefined;
  /** A query that comes after the end of its transaction must not run as a transaction of its own. */
  #ended = false;
  readonly #writer: Writer<WritingHandle>;
  readonly #reader: SqliteConnection | undefined;
  readonly #yieldIfDue = eventLoopYielder();

  constructor(writer: Writer<WritingHandle>, reader: SqliteConnection | undefined) {
    this.#writer = writer;
    this.#reader = reader;
  }

  releaseHandle(): SqliteConnection | undefined {
    const { handle } = this;
    this.handle = undefined;
    this.#ended ||= handle !== undefined;
    return handle;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.handle) await this.#yieldIfDue();
    if (this.#ended) throw new Error("This transaction has ended.");
    if (this.handle) return this.#inTransaction(this.handle, query);
    return this.#readNow(query) ?? this.#writer.run(({ handle }) => run(handle.prepare(query.sql), query));
  }

  /**
   * Runs a query that only reads. While nobody writes, it uses the writer's handle, whose page cache is up to date:
   * another handle has to read the pages again after each commit. Returns undefined if the query has to wait its turn.
   */
  #readNow<R>(query: CompiledQuery): QueryResult<R> | undefined {
    const { connection, busy } = this.#writer;
    const statement = connection.handle.prepare(query.sql);
    if (!statement.readonly) return;
    if (!busy) return run(statement, query);
    return this.#reader && run(this.#reader.prepare(query.sql), query);
  }

  #inTransaction<R>(handle: SqliteConnection, query: CompiledQuery): QueryResult<R> {
    // the statements that follow would otherwise each commit by itself
    if (!handle.raw.inTransaction) throw new Error("The database has rolled back this transaction.");
    try {
      return run(handle.prepare(query.sql), query);
    } catch (error) {
      if (handle === this.#writer.connection.handle) this.#writer.noteError(error);
      throw error;
    }
  }

  /** Long lists are read in batches, by key: a stream would occupy the handle. */
  streamQuery(): never {
    throw new Error("SQLite does not stream.");
  }
}

function run<R>(statement: SQLite.Statement, { parameters }: CompiledQuery): QueryResult<R> {
  if (statement.reader) return { rows: statement.all(parameters) as R[] };
  const { changes, lastInsertRowid } = statement.run(parameters);
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}
