import { Client, Pool, type PoolConfig, types } from "pg";
import { logError } from "../../log.ts";

const int8 = 20;
const numeric = 1700;

/** Of each connection: how many queries it names, and of these at once; how long they may be; how many it remembers as sent once. */
const limits = { names: 300, namedAtOnce: 150, queryLength: 10_000, sentOnce: 1000 };

/** Connections to PostgreSQL. Counts and sums are returned as numbers, as from SQLite; none of them comes near 2^53. */
export function createPool(connectionString: string, options: PoolConfig): Pool {
  const getTypeParser = (oid: number, format?: "text" | "binary") =>
    oid === int8 || oid === numeric ? Number : types.getTypeParser(oid, format as "text");
  const pool = new Pool({
    connectionString,
    ...options,
    // people read between two clicks: a connection and its plans are worth keeping longer than pg's ten seconds, but not
    // as long as it takes a firewall to forget it
    idleTimeoutMillis: 5 * 60_000,
    types: { getTypeParser } as never,
    Client: NamingClient,
    // a Sitebook server that vanished in the middle of a transaction keeps its site locked no longer than this
    idle_in_transaction_session_timeout: 5 * 60_000,
  });
  // an idle connection that PostgreSQL closes must not crash Sitebook: the next query opens another
  pool.on("error", (error) => logError(`The database closed a connection: ${error.message}`));
  pool.on("connect", (client) => {
    // nor must one that it closes in the middle of a transaction: the next query on it fails
    client.on("error", () => undefined);
    // Plans are kept. One made for a small table would read all of it for each row of a large import, also to check its
    // foreign keys: with this, plans use the indexes from the beginning.
    client.query("set enable_seqscan = off").catch(() => undefined);
  });
  return pool;
}

/**
 * Names the first queries of a connection, and later ones that are sent a second time, so that PostgreSQL keeps them parsed
 * and planned: that takes longer than running most of them. Long queries are seldom sent twice, and not named.
 */
class NamingClient extends Client {
  readonly #names = new Map<string, string>();
  readonly #sentOnce = new Set<string>();

  override query(query: unknown, values?: unknown, done?: unknown): never {
    const name = typeof query === "string" && Array.isArray(values) ? this.#nameOf(query) : undefined;
    const named = name ? { name, text: query } : query;
    return super.query(named as never, values as never, done as never) as never;
  }

  /** Returns undefined the first time, once the connection has many names. */
  #nameOf(text: string): string | undefined {
    const existing = this.#names.get(text);
    if (existing || text.length > limits.queryLength || this.#names.size >= limits.names) return existing;
    if (this.#names.size < limits.namedAtOnce || this.#sentOnce.delete(text)) {
      const name = `q${this.#names.size}`;
      this.#names.set(text, name);
      return name;
    }
    if (this.#sentOnce.size >= limits.sentOnce) this.#sentOnce.clear();
    this.#sentOnce.add(text);
  }
}
