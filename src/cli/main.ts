import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { runCommandLine } from "./commands.ts";

/** Asks for a password without showing what is typed. */
async function promptPassword(): Promise<string> {
  process.stderr.write("Password: ");
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: discard, terminal: true });
  const password = await prompt.question("");
  prompt.close();
  process.stderr.write("\n");
  return password;
}

// a reader such as `head` may close the pipe early
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(text),
  drained: async () => process.stdout.writableNeedDrain && once(process.stdout, "drain"),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY,
  readStdin: () => buffer(process.stdin),
  readPassword: async () =>
    process.stdin.isTTY ? promptPassword() : (await text(process.stdin)).replace(/\r?\n$/, ""),
  fetch,
  now: () => new Date(),
});
