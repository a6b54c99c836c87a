import { Client, Pool, types } from "pg";

const int8 = 20;
const numeric = 1700;

/** Each connection keeps so many plans, and none of very long queries, which seldom come again. */
const most = { names: 300, length: 10_000, seenOnce: 1000 };

/** Connections to PostgreSQL. Counts and sums come back as numbers, as they do from SQLite; none here comes near 2^53. */
export function createPool(connectionString: string): Pool {
  const getTypeParser = (oid: number, format?: "text" | "binary") =>
    oid === int8 || oid === numeric ? Number : types.getTypeParser(oid, format as "text");
  const pool = new Pool({
    connectionString,
    max: 10,
    types: { getTypeParser } as never,
    Client: NamingClient,
    // one whose server vanished in the middle of a transaction keeps its site waiting no longer than this
    idle_in_transaction_session_timeout: 5 * 60_000,
  });
  // an idle connection that PostgreSQL closes must not end Sitebook: the next query opens another
  pool.on("error", (error) => console.error(`The database closed a connection: ${error.message}`));
  // nor one that it closes in the middle of a transaction: whoever asks next on it is told
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/**
 * A query that is asked a second time on a connection gets a name, under which PostgreSQL keeps it parsed and planned:
 * that takes longer than most of them run.
 */
class NamingClient extends Client {
  readonly #names = new Map<string, string>();
  readonly #seenOnce = new Set<string>();

  override query(query: unknown, values?: unknown, done?: unknown): never {
    const name = typeof query === "string" && Array.isArray(values) ? this.#nameOf(query) : undefined;
    const asked = name ? { name, text: query } : query;
    return super.query(asked as never, values as never, done as never) as never;
  }

  /** Nothing the first time. */
  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known || text.length > most.length || this.#names.size >= most.names) return known;
    if (this.#seenOnce.delete(text)) {
      const name = `q${this.#names.size}`;
      this.#names.set(text, name);
      return name;
    }
    if (this.#seenOnce.size >= most.seenOnce) this.#seenOnce.clear();
    this.#seenOnce.add(text);
  }
}
