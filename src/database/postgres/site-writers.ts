import { CompiledQuery, type DatabaseConnection, type Dialect, type Kysely, PostgresDriver, Transaction } from "kysely";
import type { Schema } from "../../schema.ts";
import { Writer, type WriterConnection } from "../writer.ts";

/**
 * The writers of each site. The transactions that wait for one site share a connection, which is never one of those that
 * read: however many wait, others can read.
 */
export class SiteWriters extends PostgresDriver {
  readonly #writers = new Map<string, Writer<SiteConnection>>();
  #initialized: Promise<void> | undefined;

  /**
   * Runs `work` in a transaction that has the lock of the site. Queries that it starts at the same time are sent at once,
   * and run in their order.
   */
  async run<T>(db: Kysely<Schema>, siteId: string, work: (trx: Kysely<Schema>) => Promise<T>): Promise<T> {
    this.#initialized ??= this.init();
    await this.#initialized;
    const writer = this.#writers.get(siteId) ?? new Writer(new SiteConnection(this, siteId));
    this.#writers.set(siteId, writer);
    return writer.run(({ connection }) => inTransaction(db, this, connection as DatabaseConnection, work));
  }
}

/** The transaction ends with `work`: later queries of it fail, as the connection is then that of another transaction. */
async function inTransaction<T>(
  db: Kysely<Schema>,
  driver: PostgresDriver,
  connection: DatabaseConnection,
  work: (trx: Kysely<Schema>) => Promise<T>,
): Promise<T> {
  let ended = false;
  const executor = db.getExecutor().withConnectionProvider({
    provideConnection: async (consumer) => {
      if (ended) throw new Error("This transaction has ended.");
      return consumer(connection);
    },
  });
  const dialect = {} as Dialect; // of which Kysely makes no use here
  try {
    return await work(new Transaction<Schema>({ config: { dialect }, dialect, driver, executor }));
  } finally {
    ended = true;
  }
}

type Connection = Parameters<PostgresDriver["releaseConnection"]>[0];

/** A connection, taken from the pool for each group of transactions. */
class SiteConnection implements WriterConnection {
  readonly #driver: PostgresDriver;
  readonly #siteId: string;
  /** A transaction takes several times as long as on SQLite. */
  readonly maxGroupMs = 100;
  connection: Connection | undefined;

  constructor(driver: PostgresDriver, siteId: string) {
    this.#driver = driver;
    this.#siteId = siteId;
  }

  get inTransaction(): boolean {
    return this.connection !== undefined;
  }

  async begin(): Promise<void> {
    this.connection = (await this.#driver.acquireConnection()) as Connection;
    try {
      this.run("begin");
      await this.#query("select from sites where id = $1 for update", [this.#siteId]);
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /** Does not wait: if it fails, so does all that follows in the transaction. */
  run(sql: string): void {
    this.#query(sql).catch(() => undefined);
  }

  #query(sql: string, parameters: string[] = []) {
    return (this.connection as Connection).executeQuery(CompiledQuery.raw(sql, parameters));
  }

  async commit(): Promise<void> {
    await this.#driver.commitTransaction(this.connection as Connection);
    await this.#release();
  }

  /** A connection with which that fails is closed, which is a rollback too. */
  async rollback(): Promise<void> {
    await this.#driver.rollbackTransaction(this.connection as Connection).catch(() => undefined);
    await this.#release();
  }

  async #release(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    await this.#driver.releaseConnection(connection as Connection);
  }
}
