import { setTimeout } from "node:timers/promises";
import type { WriterConnection } from "../writer.ts";
import type { SqliteConnection } from "./connection.ts";

/** How long another process may keep the lock. */
const lockTimeoutMs = 10_000;

/** The handle that writes. */
export class WritingHandle implements WriterConnection {
  readonly handle: SqliteConnection;
  readonly maxGroupMs = 20;
  /** When another process was first seen to have the lock that it still has. */
  #lockedSince: number | undefined;

  constructor(handle: SqliteConnection) {
    this.handle = handle;
  }

  get inTransaction(): boolean {
    return this.handle.raw.inTransaction;
  }

  run(sql: string): void {
    this.handle.prepare(sql).run();
  }

  commit(): void {
    this.run("commit");
  }

  rollback(): void {
    this.run("rollback");
  }

  /**
   * Tries again until it has the lock. Time spent in this process's own queue does not count towards the timeout, and
   * the next in the queue does not wait for the same lock from the start.
   */
  async begin(requestedAt: number): Promise<void> {
    for (; ; await setTimeout(1)) {
      try {
        this.#beginImmediate();
        this.#lockedSince = undefined;
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.#lockedSince ??= performance.now();
        if (performance.now() > Math.max(requestedAt, this.#lockedSince) + lockTimeoutMs) throw error;
      }
    }
  }

  /** Fails at once if another process has the lock: SQLite's own waiting would hold this process's event loop. */
  #beginImmediate(): void {
    this.handle.prepare("pragma busy_timeout = 0").get();
    try {
      this.run("begin immediate");
    } finally {
      this.handle.prepare("pragma busy_timeout = 10000").get();
    }
  }
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY");
}
