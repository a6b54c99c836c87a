import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { folder } from "../support/folder.ts";
import { fixedAddress } from "./fixed-address.ts";

/** A request that the receiver of webhooks got. */
export interface Received {
  headers: Record<string, string>;
  body: string;
  /** Answered with 204, unless the receiver was killed before it could. */
  accepted: boolean;
}

/** It accepts every second time, so that no delivery fails for days on the servers' clock. */
const modes = ["accepts", "fails", "accepts", "hangs", "accepts", "is down"] as const;

const script = new URL("./webhook-receiver.ts", import.meta.url).pathname;

/** A receiver of webhooks at one address, which is killed and started again each time it takes its next turn. */
export async function killableReceiver() {
  const { path } = await folder();
  const file = `${path}/received.jsonl`;
  writeFileSync(file, "");
  let port: number | undefined;
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const address = await fixedAddress(() => port);

  async function kill(): Promise<void> {
    port = undefined;
    address.cut();
    child?.kill("SIGKILL");
    await ended;
  }

  async function behave(mode: (typeof modes)[number]): Promise<void> {
    await kill();
    if (isClosed || mode === "is down") return;
    const started = spawn(process.execPath, [script, file, mode], { stdio: ["ignore", "pipe", "inherit"] });
    child = started;
    ended = once(started, "exit");
    for await (const line of createInterface(started.stdout)) {
      port = Number(line);
      break;
    }
    if (!port && !isClosed) throw new Error("The receiver of webhooks did not start.");
  }

  let turns = 0;
  return {
    url: `http://${address.host}/hooks`,
    accept: () => behave("accepts"),
    next: () => behave(modes[turns++ % modes.length] as (typeof modes)[number]),
    received: () => readFileSync(file, "utf8").split("\n").flatMap(parsed),
    close: async () => {
      isClosed = true;
      await kill();
      address.close();
      await rm(path, { recursive: true });
    },
  };
}
export type KillableReceiver = Awaited<ReturnType<typeof killableReceiver>>;

/** Nothing for an empty line, and for one in the middle of which the receiver was killed. */
function parsed(line: string): Received[] {
  try {
    return [JSON.parse(line) as Received];
  } catch {
    return [];
  }
}
