/** How long queries may follow each other, in milliseconds, before whatever else waits has its turn. */
const longest = 10;

/**
 * SQLite answers at once, so that a chain of queries would hold the event loop from its first to its last. After each
 * stretch of them the next one lets others go first.
 */
export class Breath {
  #since: number | undefined;

  get due(): boolean {
    if (this.#since !== undefined) return performance.now() - this.#since > longest;
    this.#since = performance.now();
    setImmediate(() => {
      this.#since = undefined;
    });
    return false;
  }

  take(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
