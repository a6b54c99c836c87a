import { setTimeout } from "node:timers/promises";
import type { SqliteConnection } from "./connection.ts";

/** So many transactions, or those of so many milliseconds, are committed together at the most. */
const most = { members: 64, age: 20 };
/** How long another process may keep the lock, in milliseconds. */
const patience = 10_000;

/** Transactions that are committed together, by those who wait for it. */
interface Group {
  began: number;
  /** Those that have ended, and wait. */
  members: number;
  end: PromiseWithResolvers<void>;
}

/**
 * The handle that writes, one transaction at a time. Waiting for the disk costs more than most transactions do, so
 * those that queue are committed together: each but the first in a savepoint of its own, so that one can fail alone, and
 * each is told that it is done only when the whole is on the disk.
 */
export class Writer {
  readonly handle: SqliteConnection;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #group: Group | undefined;
  /** Why SQLite gave up the whole group by itself, as it does on a full disk. */
  #lost: unknown;
  /** Since when another process has been found to keep the lock. */
  #locked: number | undefined;

  constructor(handle: SqliteConnection) {
    this.handle = handle;
  }

  async begin(): Promise<SqliteConnection> {
    const asked = performance.now();
    await this.#turn();
    try {
      this.#group ??= await this.#open(asked);
      if (this.#group.members) this.#run("savepoint intent");
      return this.handle;
    } catch (error) {
      this.failed(error);
      this.#end();
      throw error;
    }
  }

  /** Resolves when it is on the disk. */
  async commit(): Promise<void> {
    const group = this.#group as Group;
    try {
      if (group.members) this.#run("release intent");
    } catch (error) {
      this.failed(error);
    }
    group.members += 1;
    this.#end();
    await group.end.promise;
  }

  /** To be told of what a statement threw, should those who wait for the commit have to hear of it. */
  failed(error: unknown): void {
    if (this.#group && !this.handle.raw.inTransaction) this.#lost ??= error;
  }

  rollback(): void {
    try {
      if (!this.handle.raw.inTransaction) return;
      if (this.#group?.members) {
        this.#run("rollback to intent");
        this.#run("release intent");
      } else this.#run("rollback");
    } catch (error) {
      // what could not be taken back alone must not be committed with the others
      if (this.handle.raw.inTransaction) this.#run("rollback");
      this.failed(error);
      throw error;
    } finally {
      this.#end();
    }
  }

  /** Whether the handle holds what is not committed yet, or is about to. */
  get busy(): boolean {
    return this.#busy || this.#group !== undefined;
  }

  /** One statement as a transaction of its own. */
  async alone<T>(work: (handle: SqliteConnection) => T): Promise<T> {
    const handle = await this.begin();
    let result: T;
    try {
      result = work(handle);
    } catch (error) {
      this.failed(error);
      this.rollback();
      throw error;
    }
    await this.commit();
    return result;
  }

  /** Waits for another process by asking again, and so without holding this one's event loop meanwhile. */
  #lock(): void {
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

  async #turn(): Promise<void> {
    if (!this.#busy) this.#busy = true;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Who had to wait for this process's own turns still has his patience; who waited beside another does not start anew. */
  async #open(asked: number): Promise<Group> {
    for (; ; await setTimeout(1)) {
      try {
        this.#lock();
        this.#locked = undefined;
        const end = Promise.withResolvers<void>();
        end.promise.catch(() => undefined);
        return { began: performance.now(), members: 0, end };
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.#locked ??= performance.now();
        if (performance.now() > Math.max(asked, this.#locked) + patience) throw error;
      }
    }
  }

  /** The next one has its turn; where there is none, whoever still comes in this turn of the event loop may join. */
  #end(): void {
    const group = this.#group;
    const full = group && (group.members >= most.members || performance.now() - group.began > most.age);
    if (group && (full || !this.handle.raw.inTransaction)) this.#commit(group);
    const next = this.#waiting.shift();
    this.#busy = next !== undefined;
    if (next) next();
    else setImmediate(() => this.#idle());
  }

  #idle(): void {
    if (!this.#busy && this.#group) this.#commit(this.#group);
  }

  #commit(group: Group): void {
    const lost = this.#lost;
    this.#group = this.#lost = undefined;
    try {
      if (!this.handle.raw.inTransaction) throw lost;
      this.#run("commit");
      group.end.resolve();
    } catch (error) {
      group.end.reject(error);
      if (this.handle.raw.inTransaction) this.#run("rollback");
    }
  }
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY");
}
