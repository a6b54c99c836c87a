import type { Io } from "../../src/cli/command.ts";
import { runCommandLine } from "../../src/cli/commands.ts";
import type { World } from "./world.ts";

interface Environment {
  env?: Io["env"];
  stdin?: string | Uint8Array;
  interactive?: boolean;
}

/** Runs command lines in this process, and returns what they print and their exit codes. */
export function commandLine(defaults: Environment & Partial<Pick<Io, "fetch" | "now">> = {}) {
  return async (words: string[], more: Environment = {}) => {
    const printed = { out: "", err: "" };
    const stdin = more.stdin ?? defaults.stdin ?? "";
    const code = await runCommandLine(words, {
      env: { ...defaults.env, ...more.env },
      out: (text) => {
        printed.out += text;
      },
      err: (text) => {
        printed.err += text;
      },
      drained: async () => {},
      interactive: more.interactive ?? false,
      readStdin: async () => Buffer.from(stdin as string),
      readPassword: async () => String(stdin),
      fetch: defaults.fetch ?? fetch,
      now: defaults.now ?? (() => new Date()),
    });
    return { code, ...printed };
  };
}

/** The same for a machine with this role on the world's shop. Its requests reach the world's app. */
export async function commandLineMachine(w: World, role: string) {
  const { secret } = await w.token(role);
  return commandLine({
    env: { SITEBOOK_URL: "http://sitebook.test", SITEBOOK_TOKEN: secret },
    fetch: (url, init) => w.app.request(url, init),
    now: () => new Date(w.clock.at),
  });
}
