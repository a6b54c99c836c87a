/** How long one piece of work may go on, in milliseconds, before whatever else waits has its turn. */
const longest = 10;

/**
 * SQLite answers at once, so that work of many queries would hold the event loop from its first to its last. After each
 * stretch of them it lets others go first. What takes one query or ten never waits here.
 */
export class Breath {
  #since = performance.now();

  async take(): Promise<void> {
    if (performance.now() - this.#since <= longest) return;
    await pause();
    this.#since = performance.now();
  }
}

/** There is one event loop, and so one queue. */
const paused: (() => void)[] = [];

/** Lets whoever else waits go first. Of all who pause one goes on in each turn of the loop: together they would hold it. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (paused.push(resolve) === 1) setImmediate(goOn);
  });
}

function goOn(): void {
  paused.shift()?.();
  if (paused.length) setImmediate(goOn);
}
