import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { commandLine } from "./command-line.ts";

const root = new URL("../..", import.meta.url);

/** How `npm start` starts a server, with something before it where it is watched. */
export const serverCommand = (...before: string[]): string[] => [
  process.execPath,
  ...before.flatMap((file) => ["--import", file]),
  "--import",
  "./src/new-enough.js",
  "src/server.ts",
];

/** A Sitebook in a process of its own, on a free port unless told otherwise. It is gone when its block ends. */
export function starting(env: Record<string, string>, [command, ...args]: string[] = serverCommand()) {
  const around = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: "0", ...env };
  const server = spawn(command as string, args, { env: around, cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const ended = once(server, "close").then(([code]) => code as number | null);
  for (const stream of [server.stdout, server.stderr])
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      server.emit("said");
    });

  /** The first line, from so many lines on, that has this in it, as soon as it is printed. */
  async function says(words: string, from = 0): Promise<string> {
    for (;;) {
      const line = lines.slice(from).find((one) => one.includes(words));
      if (line !== undefined) return line;
      if (server.exitCode !== null) throw new Error(`It ended without saying "${words}":\n${lines.join("\n")}`);
      await Promise.race([once(server, "said"), ended]);
    }
  }

  return {
    pid: server.pid,
    lines,
    says,
    ended,
    url: async () => (await says("Sitebook is at ")).replace("Sitebook is at ", ""),
    signal: (name: NodeJS.Signals) => server.kill(name),
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

/** Makes the first account and the site "shop" on a database, and answers a token that may record there. */
export async function tokenOn(databaseUrl: string): Promise<string> {
  const sitebook = commandLine({ env: { DATABASE_URL: databaseUrl }, stdin: "correct horse battery staple" });
  const made = await sitebook(["setup", "--email", "ada@example.test", "--name", "Ada", "--site", "shop"]);
  const words = ["token", "create", "--name", "CI", "--site", "shop", "--role", "contributor"];
  const token = await sitebook(words);
  if (made.code || token.code) throw new Error(made.err + token.err);
  return token.out.trim().split(" ").at(-1) as string;
}
