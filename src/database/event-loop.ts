import { setImmediate } from "node:timers/promises";

/** How long one task may hold the event loop before other requests get a turn. */
const maxHoldMs = 10;

export const yieldToEventLoop = (): Promise<void> => setImmediate();

/**
 * For tasks of many short steps, such as the queries of one transaction: SQLite answers synchronously, so without this
 * the task would hold the event loop from the first step to the last. Await the returned function between two steps.
 */
export function eventLoopYielder(): () => Promise<void> {
  let heldSince = performance.now();
  return async () => {
    if (performance.now() - heldSince <= maxHoldMs) return;
    await yieldToEventLoop();
    heldSince = performance.now();
  };
}
