/** A group that has more transactions is committed. */
const maxTransactions = 64;

/** The connection that a Writer writes on. */
export interface WriterConnection {
  /** Starts a transaction as soon as it has the lock. `requestedAt` is a reading of `performance.now()`. */
  begin: (requestedAt: number) => Promise<void>;
  /** Runs a statement for a savepoint. If it does not throw although that fails, `commit` must throw. */
  run: (sql: string) => void;
  commit: () => unknown;
  rollback: () => unknown;
  /** A group that is older is committed. */
  readonly maxGroupMs: number;
  /** False before `begin`, after `commit` and `rollback`, and if the database has rolled back by itself. */
  readonly inTransaction: boolean;
}

/** Transactions that are committed together. */
interface Group {
  began: number;
  /** How many of its transactions have ended, and wait for the commit. */
  ended: number;
  committed: PromiseWithResolvers<void>;
}

/**
 * Writes one transaction at a time. Waiting for the lock and for the disk takes longer than most transactions, so those
 * that queue are committed as a group: each but the first has a savepoint of its own, so that one can fail alone, and
 * none is reported as committed, or as refused after it saw the others, before the whole group is on the disk.
 */
export class Writer<Connection extends WriterConnection> {
  readonly connection: Connection;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #group: Group | undefined;
  /** Why the whole group was rolled back, as SQLite does by itself on a full disk. */
  #rollbackError: unknown;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async begin(): Promise<Connection> {
    const requestedAt = performance.now();
    await this.#takeTurn();
    try {
      this.#group ??= await this.#openGroup(requestedAt);
      if (this.#group.ended) this.connection.run(`savepoint ${savepoint(this.#group)}`);
      return this.connection;
    } catch (error) {
      if (this.#group) await this.#abandon(error);
      await this.#endTurn();
      throw error;
    }
  }

  /** Resolves when it is on the disk. */
  async commit(): Promise<void> {
    const group = this.#group as Group;
    try {
      if (group.ended) this.connection.run(`release ${savepoint(group)}`);
    } catch (error) {
      await this.#abandon(error);
    }
    group.ended += 1;
    await this.#endTurn();
    await group.committed.promise;
  }

  /** To be called with each error of a statement: if SQLite has rolled back the group, all that wait get this error. */
  noteError(error: unknown): void {
    if (this.#group && !this.connection.inTransaction) this.#rollbackError ??= error;
  }

  async rollback(): Promise<void> {
    const group = this.#group as Group;
    try {
      if (!this.connection.inTransaction) return;
      if (group.ended) {
        this.connection.run(`rollback to ${savepoint(group)}`);
        this.connection.run(`release ${savepoint(group)}`);
      } else await this.connection.rollback();
    } catch (error) {
      // what could not be rolled back alone must not be committed with the others
      await this.#abandon(error);
      throw error;
    } finally {
      await this.#endTurn();
    }
    if (group.ended) await group.committed.promise;
  }

  /** Whether the connection has, or is about to have, uncommitted changes. */
  get busy(): boolean {
    return this.#busy || this.#group !== undefined;
  }

  /** Runs `work` as a transaction. */
  async run<T>(work: (connection: Connection) => T | Promise<T>): Promise<T> {
    const connection = await this.begin();
    let result: T;
    try {
      result = await work(connection);
    } catch (error) {
      this.noteError(error);
      await this.rollback();
      throw error;
    }
    await this.commit();
    return result;
  }

  async #takeTurn(): Promise<void> {
    if (!this.#busy) this.#busy = true;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #openGroup(requestedAt: number): Promise<Group> {
    await this.connection.begin(requestedAt);
    const committed = Promise.withResolvers<void>();
    committed.promise.catch(() => undefined);
    return { began: performance.now(), ended: 0, committed };
  }

  async #abandon(error: unknown): Promise<void> {
    this.#rollbackError ??= error;
    if (this.connection.inTransaction) await this.connection.rollback();
  }

  /** Starts the next transaction; if none waits, those that still begin in this turn of the event loop join the group. */
  async #endTurn(): Promise<void> {
    const group = this.#group;
    const full =
      group && (group.ended >= maxTransactions || performance.now() - group.began > this.connection.maxGroupMs);
    if (group && (full || !this.connection.inTransaction)) await this.#commit(group);
    const next = this.#waiting.shift();
    this.#busy = next !== undefined;
    if (next) next();
    else if (this.#group) setImmediate(() => this.#commitIfIdle());
  }

  async #commitIfIdle(): Promise<void> {
    if (this.#busy || !this.#group) return;
    this.#busy = true;
    await this.#commit(this.#group);
    await this.#endTurn();
  }

  async #commit(group: Group): Promise<void> {
    const rollbackError = this.#rollbackError;
    this.#group = this.#rollbackError = undefined;
    try {
      if (!this.connection.inTransaction) throw rollbackError;
      await this.connection.commit();
      group.committed.resolve();
    } catch (error) {
      group.committed.reject(error);
      if (this.connection.inTransaction) await this.connection.rollback();
    }
  }
}

/** Each has a name of its own: after one that failed, a rollback must not go back to the one before. */
const savepoint = ({ ended }: Group): string => `intent_${ended}`;
