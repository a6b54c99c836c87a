import { setTimeout } from "node:timers/promises";
import type { SqliteConnection } from "./connection.ts";

/** A group that has more transactions, or is older, is committed. */
const groupLimits = { transactions: 64, ageMs: 20 };
/** How long another process may keep the lock. */
const lockTimeoutMs = 10_000;

/** Transactions that are committed together. */
interface Group {
  began: number;
  /** How many of its transactions have ended, and wait for the commit. */
  ended: number;
  committed: PromiseWithResolvers<void>;
}

/**
 * The handle that writes, one transaction at a time. Waiting for the disk takes longer than most transactions, so those
 * that queue are committed as a group: each but the first has a savepoint of its own, so that one can fail alone, and
 * none is reported as committed before the whole group is on the disk.
 */
export class Writer {
  readonly handle: SqliteConnection;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #group: Group | undefined;
  /** Why SQLite rolled back the whole group by itself, as it does on a full disk. */
  #rollbackError: unknown;
  /** When another process was first seen to have the lock that it still has. */
  #lockedSince: number | undefined;

  constructor(handle: SqliteConnection) {
    this.handle = handle;
  }

  async begin(): Promise<SqliteConnection> {
    const requestedAt = performance.now();
    await this.#takeTurn();
    try {
      this.#group ??= await this.#openGroup(requestedAt);
      if (this.#group.ended) this.#run("savepoint intent");
      return this.handle;
    } catch (error) {
      this.noteError(error);
      this.#endTurn();
      throw error;
    }
  }

  /** Resolves when it is on the disk. */
  async commit(): Promise<void> {
    const group = this.#group as Group;
    try {
      if (group.ended) this.#run("release intent");
    } catch (error) {
      this.noteError(error);
    }
    group.ended += 1;
    this.#endTurn();
    await group.committed.promise;
  }

  /** To be called with each error of a statement: if SQLite has rolled back the group, all that wait get this error. */
  noteError(error: unknown): void {
    if (this.#group && !this.handle.raw.inTransaction) this.#rollbackError ??= error;
  }

  rollback(): void {
    try {
      if (!this.handle.raw.inTransaction) return;
      if (this.#group?.ended) {
        this.#run("rollback to intent");
        this.#run("release intent");
      } else this.#run("rollback");
    } catch (error) {
      // what could not be rolled back alone must not be committed with the others
      if (this.handle.raw.inTransaction) this.#run("rollback");
      this.noteError(error);
      throw error;
    } finally {
      this.#endTurn();
    }
  }

  /** Whether the handle has, or is about to have, uncommitted changes. */
  get busy(): boolean {
    return this.#busy || this.#group !== undefined;
  }

  /** Runs one statement as a transaction of its own. */
  async runAlone<T>(work: (handle: SqliteConnection) => T): Promise<T> {
    const handle = await this.begin();
    let result: T;
    try {
      result = work(handle);
    } catch (error) {
      this.noteError(error);
      this.rollback();
      throw error;
    }
    await this.commit();
    return result;
  }

  /** Fails at once if another process has the lock: SQLite's own waiting would hold this process's event loop. */
  #beginImmediate(): void {
    this.handle.prepare("pragma busy_timeout = 0").get();
    try {
      this.#run("begin immediate");
    } finally {
      this.handle.prepare("pragma busy_timeout = 10000").get();
    }
  }

  #run(sql: string): void {
    this.handle.prepare(sql).run();
  }

  async #takeTurn(): Promise<void> {
    if (!this.#busy) this.#busy = true;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Tries again until it has the lock. Time spent in this process's own queue does not count towards the timeout, and
   * the next in the queue does not wait for the same lock from the start.
   */
  async #openGroup(requestedAt: number): Promise<Group> {
    for (; ; await setTimeout(1)) {
      try {
        this.#beginImmediate();
        this.#lockedSince = undefined;
        const committed = Promise.withResolvers<void>();
        committed.promise.catch(() => undefined);
        return { began: performance.now(), ended: 0, committed };
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.#lockedSince ??= performance.now();
        if (performance.now() > Math.max(requestedAt, this.#lockedSince) + lockTimeoutMs) throw error;
      }
    }
  }

  /** Starts the next transaction; if none waits, those that still begin in this turn of the event loop join the group. */
  #endTurn(): void {
    const group = this.#group;
    const full =
      group && (group.ended >= groupLimits.transactions || performance.now() - group.began > groupLimits.ageMs);
    if (group && (full || !this.handle.raw.inTransaction)) this.#commit(group);
    const next = this.#waiting.shift();
    this.#busy = next !== undefined;
    if (next) next();
    else setImmediate(() => this.#commitIfIdle());
  }

  #commitIfIdle(): void {
    if (!this.#busy && this.#group) this.#commit(this.#group);
  }

  #commit(group: Group): void {
    const rollbackError = this.#rollbackError;
    this.#group = this.#rollbackError = undefined;
    try {
      if (!this.handle.raw.inTransaction) throw rollbackError;
      this.#run("commit");
      group.committed.resolve();
    } catch (error) {
      group.committed.reject(error);
      if (this.handle.raw.inTransaction) this.#run("rollback");
    }
  }
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY");
}
