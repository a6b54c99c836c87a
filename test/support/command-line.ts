import type { Io } from "../../src/cli/command.ts";
import { runCommandLine } from "../../src/cli/commands.ts";
import type { World } from "./world.ts";

interface Around {
  env?: Io["env"];
  stdin?: string;
  watched?: boolean;
}

/** Runs command lines as somebody does who sits before them, in this process: what they print, and the exit code. */
export function commandLine(around: Around & Partial<Pick<Io, "fetch" | "now">> = {}) {
  return async (words: string[], more: Around = {}) => {
    const said = { out: "", err: "" };
    const stdin = more.stdin ?? around.stdin ?? "";
    const code = await runCommandLine(words, {
      env: { ...around.env, ...more.env },
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      drained: async () => {},
      watched: more.watched ?? false,
      read: async () => stdin,
      readPassword: async () => stdin,
      fetch: around.fetch ?? fetch,
      now: around.now ?? (() => new Date()),
    });
    return { code, ...said };
  };
}

/** The same for a machine of the world's shop, which holds this role. Its requests reach the world's Sitebook. */
export async function commandLineMachine(w: World, role: string) {
  const { secret } = await w.token(role);
  return commandLine({
    env: { SITEBOOK_URL: "http://sitebook.test", SITEBOOK_TOKEN: secret },
    fetch: (url, init) => w.app.request(url, init),
    now: () => new Date(w.clock.at),
  });
}
