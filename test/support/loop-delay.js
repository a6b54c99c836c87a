// Preloaded into a server under test (`node --import ./test/support/loop-delay.js src/server.ts`): at each SIGUSR2 it prints how
// long the event loop was held at the most since the one before, in milliseconds, and begins anew.
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolution = 5;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();
process.on("SIGUSR2", () => {
  // what is measured is from one tick of its own timer to the next
  const held = delay.count ? Math.max(0, delay.max / 1e6 - resolution) : 0;
  delay.reset();
  console.log(`The event loop was held ${held.toFixed(1)} ms.`);
});
