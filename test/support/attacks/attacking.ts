import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Tally } from "./count.ts";

export type Attacking = ReturnType<typeof attacking>;

/** Runs attacks in another process until the block ends. */
export function attacking(url: string, ...names: string[]) {
  const script = fileURLToPath(new URL("attacker.ts", import.meta.url));
  const attacker = spawn(process.execPath, [script, url, ...names], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(attacker, "exit");
  const lines = createInterface(attacker.stdout)[Symbol.asyncIterator]();
  return {
    /** The tally of each attack so far. The first call waits until they have begun. */
    tallies: async (): Promise<Record<string, Tally>> => {
      attacker.stdin.write("\n");
      const { value } = await lines.next();
      if (value === undefined) throw new Error(`The attack ended: ${names.join(", ")}.`);
      return JSON.parse(value);
    },
    [Symbol.asyncDispose]: async () => {
      attacker.stdin.end();
      await ended;
    },
  };
}
