// Preloaded into a server under test (`node --import ./test/support/loop-delay.js src/server.ts`). At each SIGUSR2 it
// prints the longest time for which the event loop was held since the previous one, in milliseconds.
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolution = 5;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();
process.on("SIGUSR2", () => {
  // the monitor measures from one tick of its own timer to the next
  const held = delay.count ? Math.max(0, delay.max / 1e6 - resolution) : 0;
  delay.reset();
  console.log(`The event loop was held ${held.toFixed(1)} ms.`);
});
