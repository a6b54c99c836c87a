import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { commandLine } from "./command-line.ts";

const root = new URL("../..", import.meta.url);

/** The command with which `npm start` starts a server, with modules to preload. */
export const serverCommand = (...preload: string[]): string[] => [
  process.execPath,
  "--max-semi-space-size=8",
  ...preload.flatMap((file) => ["--import", file]),
  "--import",
  "./src/new-enough.js",
  "src/server.ts",
];

/** Starts a Sitebook in another process, on a free port unless `env` sets one. It is killed when its block ends. */
export function starting(env: Record<string, string>, [command, ...args]: string[] = serverCommand()) {
  const wholeEnv = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: "0", ...env };
  const server = spawn(command as string, args, { env: wholeEnv, cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const ended = once(server, "close").then(([code]) => code as number | null);
  for (const stream of [server.stdout, server.stderr])
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      server.emit("line");
    });

  /** Resolves with the first line, starting at index `from`, that contains this text. */
  async function printedLine(text: string, from = 0): Promise<string> {
    for (;;) {
      const line = lines.slice(from).find((printed) => printed.includes(text));
      if (line !== undefined) return line;
      if (server.exitCode !== null) throw new Error(`It ended without printing "${text}":\n${lines.join("\n")}`);
      await Promise.race([once(server, "line"), ended]);
    }
  }

  return {
    pid: server.pid,
    lines,
    printedLine,
    ended,
    url: async () => (await printedLine("Sitebook is at ")).replace("Sitebook is at ", ""),
    signal: (name: NodeJS.Signals) => server.kill(name),
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

/** Creates the first account and the site "shop" on a database, and returns a token that may record there. */
export async function tokenOn(databaseUrl: string): Promise<string> {
  const sitebook = commandLine({ env: { DATABASE_URL: databaseUrl }, stdin: "correct horse battery staple" });
  const setup = await sitebook(["setup", "--email", "ada@example.test", "--name", "Ada", "--site", "shop"]);
  const words = ["token", "create", "--name", "CI", "--site", "shop", "--role", "contributor"];
  const token = await sitebook(words);
  if (setup.code || token.code) throw new Error(setup.err + token.err);
  return token.out.trim().split(" ").at(-1) as string;
}
