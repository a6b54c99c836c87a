import { serverCommand, starting } from "../support/serving.ts";

/** One life of a server. */
export interface Life {
  address: string;
  killed: boolean;
}

const withItsLoop = serverCommand("./test/support/loop-delay.js");

/** A server that is killed, and started again, as often as wanted. That it ends of its own accord is `wrong`. */
export function mortal(url: string, wrong: (error: Error) => void) {
  let next = Promise.withResolvers<Life>();
  let server: ReturnType<typeof starting> | undefined;
  let life: Life = { address: "", killed: true };
  let asking: NodeJS.Timeout | undefined;
  let held = 0;
  let deaths = 0;

  async function start(): Promise<void> {
    const born = starting({ DATABASE_URL: url, HOST: "127.0.0.1" }, withItsLoop);
    server = born;
    const own = { address: "", killed: false };
    life = own;
    void born.ended.then((code) => {
      if (code !== null || !own.killed)
        wrong(new Error(`The server ended by itself (${code}):\n${born.lines.join("\n")}`));
    });
    own.address = (await born.url()).replace("localhost", "127.0.0.1");
    born.signal("SIGUSR2");
    asking = setInterval(() => born.signal("SIGUSR2"), 200);
    next.resolve(own);
  }

  async function kill(): Promise<void> {
    if (life.killed) return;
    life.killed = true;
    next = Promise.withResolvers();
    clearInterval(asking);
    server?.signal("SIGKILL");
    await server?.ended;
    deaths += 1;
    held = Math.max(held, ...heldIn(server?.lines ?? []));
  }

  return {
    start,
    kill,
    /** The life it has, or the next as soon as it can be reached. */
    life: () => next.promise,
    deaths: () => deaths,
    /** How long the event loop was held at the most, in milliseconds. */
    held: () => held,
  };
}
export type Mortal = ReturnType<typeof mortal>;

/** But for the first, which is of its start. */
function heldIn(lines: string[]): number[] {
  const said = lines.flatMap((line) => /event loop was held ([\d.]+) ms/.exec(line)?.[1] ?? []);
  return said.slice(1).map(Number);
}

/** The database under the servers, which is killed as well where there is a way to. It comes back at once. */
export function mortalDatabase(kill: (() => Promise<void>) | undefined) {
  let up = Promise.resolve();
  const count = { deaths: 0, births: 0 };
  return {
    mortal: kill !== undefined,
    deaths: () => count.deaths,
    /** Were there more deaths since than there were births then, it has been away. */
    births: () => count.births,
    up: () => up,
    async kill(): Promise<void> {
      count.deaths += 1;
      up = kill?.() ?? up;
      await up;
      count.births += 1;
    },
  };
}
export type MortalDatabase = ReturnType<typeof mortalDatabase>;
