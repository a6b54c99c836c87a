import { setImmediate } from "node:timers/promises";

/** How long one piece of work may hold the event loop before other requests get a turn. */
const maxHoldMs = 10;

export const yieldToEventLoop = (): Promise<void> => setImmediate();

/**
 * For work of many short steps, such as the queries of one transaction: SQLite answers synchronously, so without this
 * the first step would hold the event loop until the last. Call what it returns between two steps.
 */
export function eventLoopYielder(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since <= maxHoldMs) return;
    await yieldToEventLoop();
    since = performance.now();
  };
}
