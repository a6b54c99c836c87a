import { serverCommand, starting } from "../support/serving.ts";
import { clockStart } from "./stepped-clock.ts";

/** One run of a server, from its start until it is killed. */
export interface Life {
  address: string;
  killed: boolean;
}

const command = serverCommand("./test/support/loop-delay.js", "./test/torture/stepped-clock.ts");

/** A server on a stepped clock that can be killed and started again. Calls `onError` if it ends without being killed. */
export function killableServer(
  url: string,
  clockStartMs: number,
  onError: (error: Error) => void,
  more: Record<string, string> = {},
) {
  const env = { DATABASE_URL: url, HOST: "127.0.0.1", [clockStart]: String(clockStartMs), ...more };
  let next = Promise.withResolvers<Life>();
  let server: ReturnType<typeof starting> | undefined;
  let life: Life = { address: "", killed: true };
  let delayTimer: NodeJS.Timeout | undefined;
  let maxHeldMs = 0;
  let kills = 0;

  async function start(): Promise<void> {
    const started = starting(env, command);
    server = started;
    const current = { address: "", killed: false };
    life = current;
    void started.ended.then((code) => {
      if (code !== null || !current.killed)
        onError(new Error(`The server ended by itself (${code}):\n${started.lines.join("\n")}`));
    });
    current.address = (await started.url()).replace("localhost", "127.0.0.1");
    started.signal("SIGUSR2");
    delayTimer = setInterval(() => started.signal("SIGUSR2"), 200);
    next.resolve(current);
  }

  async function kill(): Promise<void> {
    if (life.killed) return;
    life.killed = true;
    next = Promise.withResolvers();
    clearInterval(delayTimer);
    server?.signal("SIGKILL");
    await server?.ended;
    kills += 1;
    maxHeldMs = Math.max(maxHeldMs, ...heldMsIn(server?.lines ?? []));
  }

  return {
    start,
    kill,
    /** Its current run, or the next one as soon as it can be reached. */
    life: () => next.promise,
    kills: () => kills,
    /** The longest time for which the event loop was held. */
    maxHeldMs: () => maxHeldMs,
  };
}
export type KillableServer = ReturnType<typeof killableServer>;

/** Without the first line, which is about its start. */
function heldMsIn(lines: string[]): number[] {
  const times = lines.flatMap((line) => /event loop was held ([\d.]+) ms/.exec(line)?.[1] ?? []);
  return times.slice(1).map(Number);
}

/** The database under the servers. Where it can be killed, it is started again at once. */
export function killableDatabase(kill: (() => Promise<void>) | undefined) {
  let running = Promise.resolve();
  const count = { kills: 0, starts: 0 };
  return {
    canBeKilled: kill !== undefined,
    kills: () => count.kills,
    /** If there are more kills later than there were starts before, it was down in between. */
    starts: () => count.starts,
    /** Resolves as soon as it is running. */
    running: () => running,
    async kill(): Promise<void> {
      count.kills += 1;
      running = kill?.() ?? running;
      await running;
      count.starts += 1;
    },
  };
}
export type KillableDatabase = ReturnType<typeof killableDatabase>;
